"""What adding a few films to a large index costs beside describing them.

    python -m benchmarks.adding [--films 100000] [--added 100] [--labels 0] [--profile]

The index holds drawn numbers of the real size (`benchmarks.crash_describer`), so that no time goes
into decoding and the encoder: what is measured is all that grows with the archive. `--labels`:
classes that the films are of; with some, the diagnosis and the weights are fitted again, which
takes the same time for any large archive. The target is 2 s for 100 films added to 100,000.
"""

import argparse
import cProfile
import json
import pstats
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.crash_describer import Numbers
from indexer import commit
from indexer.archive import walk
from indexer.machine_made import MachineMade
from indexer.pipeline import Options, update

DIMS = {"colour": 192, "edge": 192, "embedding": 1280}
TARGET_S = 2.0


def measure(work: Path, films: int, added: int, labels: int) -> dict[str, float]:
    """Seconds of building, of adding, and of finding that nothing has changed."""
    archive, index = work / "archive", work / "index"
    _draw(archive, range(films), labels)
    built_s = _timed(archive, index, work)
    _draw(archive, range(films, films + added), labels)
    added_s = _timed(archive, index, work)
    return {
        **{"films": films, "added": added, "labels": labels},
        **{"build_s": built_s, "add_s": added_s, "nothing_s": _timed(archive, index, work)},
        "target_s": TARGET_S,
    }


def _draw(archive: Path, numbers: range, labels: int) -> None:
    for number in numbers:
        label = f"class-{number % labels}" if labels else "images"
        folder = archive / label / f"{number // 1000:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:07d}.film").write_bytes(b"film %d" % number)


def _timed(archive: Path, index: Path, work: Path) -> float:
    describer = Numbers(work / "described", image_dims=DIMS, looking_s=0.0)
    began = time.perf_counter()
    listing = walk(archive)
    with commit.locked(index):
        update(listing, index, Options(), describer, lambda *_: None, MachineMade())
    return time.perf_counter() - began


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; `arguments` without the program's name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.adding")
    parser.add_argument("--films", type=int, default=100_000, help="in the index (100000)")
    parser.add_argument("--added", type=int, default=100, help="that come to it (100)")
    parser.add_argument("--labels", type=int, default=0, help="classes; 0: no labels (0)")
    parser.add_argument("--profile", action="store_true", help="where the time goes, on stderr")
    told = parser.parse_args(arguments)
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory(prefix="adding-") as work:
        if told.profile:
            profile.enable()
        figures = measure(Path(work), told.films, told.added, told.labels)
        profile.disable()
    if told.profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats("cumtime").print_stats(60)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
