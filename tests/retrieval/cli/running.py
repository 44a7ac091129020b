"""Running the command line: here in this process, or as a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-c", "from retrieval.cli import main; main()"]
LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0})); "


@dataclass(frozen=True)
class Ran:
    """What a run left: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The one sentence on stderr that says what was wrong."""
        assert self.err.startswith("cbir: "), self.err
        assert "Traceback" not in self.err
        return self.err.removeprefix("cbir: ").rstrip("\n")


Run = Callable[..., Ran]


def in_process(*args: object, largest_file: int | None = None) -> Ran:
    """As a process of its own; `largest_file`: bytes that it may write to a file."""
    command = list(COMMAND)
    if largest_file is not None:
        command[-1] = LIMITED.format(largest_file) + command[-1]
    done = subprocess.run([*command, *map(str, args)], capture_output=True, text=True, timeout=120)
    return Ran(done.returncode, done.stdout, done.stderr)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
