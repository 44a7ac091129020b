"""Eight readers ask while an index changes ten times: no error, and each answer is of one state.

CBIR_TEST_READERS_S sets how long they ask (60 s).
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.crash_describer import Numbers
from indexer import commit
from indexer.archive import walk
from indexer.machine_made import MachineMade
from indexer.pipeline import Options, update

READERS, COMMITS = 8, 10

READER = """
import json, sys, time
from pathlib import Path
import numpy as np
from models.errors import IndexUnusable
from retrieval.index import OpenIndex
index, until, asked = Path(sys.argv[1]), float(sys.argv[2]), []
while time.time() < until:
    opened = OpenIndex(index)
    rows = len(opened.facts)
    vector = np.ones((1, sum(opened.searched.values())), np.float32)
    hits = opened.ranker.nearest(vector, rows, np.ones(rows, bool))
    wards = set(opened.facts.column("ward").to_pylist())
    pictures = opened.store.preview(range(rows))
    said = {picture.split()[-2].decode() for picture in pictures.values()}
    asked.append([opened.generation.number, rows, len(hits), sorted(wards), sorted(said)])
    opened.close()
print(json.dumps(asked))
"""


def change(archive: Path, index: Path, number: int) -> None:
    """A state of which every film tells its number: `number` + 3 films of ward `number`."""
    shutil.rmtree(archive, ignore_errors=True)
    archive.mkdir()
    lines = ["path,ward"]
    for film in range(number + 3):
        (archive / f"{film}.film").write_bytes(b"of state %d film-%d" % (number, film))
        lines.append(f"{film}.film,{number}")
    (archive / "cases.csv").write_text("\n".join(lines))
    describer = Numbers(archive.parent / "described")
    with commit.locked(index):
        options = Options(prune=True)
        update(walk(archive), index, options, describer, lambda *_: None, MachineMade())


@pytest.mark.slow
def test_readers_see_one_state_at_a_time(tmp_path: Path) -> None:
    seconds = float(os.environ.get("CBIR_TEST_READERS_S", "60"))
    archive, index = tmp_path / "archive", tmp_path / "ix"
    change(archive, index, 1)
    until = time.time() + seconds
    command = [sys.executable, "-c", READER, str(index), str(until)]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    pipe = subprocess.PIPE
    readers = [
        subprocess.Popen(command, env=env, text=True, stdout=pipe, stderr=pipe)
        for _ in range(READERS)
    ]
    for number in range(2, COMMITS + 2):
        time.sleep(max(0.0, (until - time.time()) / (COMMITS + 2 - number) - 0.5))
        change(archive, index, number)
    asked = []
    for reader in readers:
        out, err = reader.communicate()
        assert (reader.returncode, err) == (0, "")
        asked += json.loads(out)
    assert len(asked) > READERS
    for generation, rows, hits, wards, said in asked:
        assert (rows, hits) == (generation + 3, generation + 3)
        assert (wards, said) == ([str(generation)], [str(generation)])
    assert len({generation for generation, *_ in asked}) >= min(4, seconds / 3)
