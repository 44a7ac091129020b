"""What the tests of the command line share."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.cli import cbir
from retrieval.cli.exits import guarded
from tests.retrieval.cli.running import Ran, Run

Disk = Callable[[str], Path]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in this process, in an empty folder and without settings from outside."""
    for name in [name for name in os.environ if name.startswith("CBIR_")]:
        monkeypatch.delenv(name)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    def ran(*args: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["cbir", *map(str, args)])
        capsys.readouterr()
        code = guarded(cbir)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return ran


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Makes small disks, by size; skips where this user may not."""
    made: list[Path] = []

    def make(size: str) -> Path:
        folder = tmp_path / f"disk-{len(made)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this user may not mount a file system")
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def read_only(disk: Path) -> None:
    """Nothing can be written to it any more."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
