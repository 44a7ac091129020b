"""`cbir watch`, as a process that is told to end."""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.retrieval.cli.running import COMMAND, Run
from tests.retrieval.films import PRIOR


def test_once_is_a_build(run: Run, archive: Path) -> None:
    ran = run("watch", archive, "--out", "ix", "--once", "--settle", "0s", "--format", "json")
    assert (ran.code, ran.json["cases"]) == (0, 12)
    assert run("verify", "--index", "ix").code == 0


def test_an_archive_that_is_not_there(run: Run) -> None:
    ran = run("watch", "none", "--out", "ix", "--once", "--settle", "0s")
    assert (ran.code, ran.out) == (2, "")
    assert "cannot be opened" in ran.sentence


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_follows_its_folder_and_ends_when_it_is_told_to(
    examples: Path, tmp_path: Path, number: signal.Signals
) -> None:
    films = tmp_path / "films" / "normal"
    films.mkdir(parents=True)
    shutil.copy(examples / "archive" / PRIOR, films / "a.jpg")
    words = ["--every", "0.2s", "--settle", "0.2s", "--workers", "1", "--format", "json"]
    command = [*COMMAND, "watch", str(films.parent), "--out", str(tmp_path / "ix"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["cases"] == 1
        other = sorted((examples / "archive" / "normal").glob("*.jpg"))[-1]
        shutil.copy(other, films / "b.jpg")
        told = json.loads(watching.stdout.readline())
        assert (told["described"], told["cases"], told["generation"]) == (1, 2, 2)
        watching.send_signal(number)
        out, err = watching.communicate(timeout=60)
        assert (watching.returncode, out, err) == (0, b"", b"")
