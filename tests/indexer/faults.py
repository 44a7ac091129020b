"""A disk that fails at the Nth thing that is asked of it."""

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_MODES = ("w", "x", "a", "+")


class Faults:
    """Counts writes, syncs, renames, links and new folders below a folder; one of them fails.

    `fail_at`: which, from 1. `lasting`: everything after it fails too. It stands in for the system,
    not for this program: `os` and `io` are what is replaced.
    """

    def __init__(self, below: Path, fail_at: int, code: int = errno.EIO, lasting: bool = False):
        self.below = str(below)
        self.fail_at, self.code, self.lasting = fail_at, code, lasting
        self.count = 0
        self.names: list[str] = []

    @property
    def fired(self) -> bool:
        return self.count >= self.fail_at

    def into(self, monkeypatch: pytest.MonkeyPatch) -> "Faults":
        """Puts itself between Python and the system."""
        for name in ("rename", "replace", "link", "mkdir"):
            monkeypatch.setattr(os, name, self._guarded(name, getattr(os, name)))
        fsync = os.fsync

        def synced(handle: int) -> None:
            self.step("fsync", Path(f"/proc/self/fd/{handle}").readlink())
            fsync(handle)

        monkeypatch.setattr(os, "fsync", synced)
        opened = io.open

        def opening(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            if isinstance(file, int) or not any(one in mode for one in _MODES):
                return opened(file, mode, *rest, **named)
            self.step("open", os.fspath(file))
            return _Handle(opened(file, mode, *rest, **named), self, os.fspath(file))

        monkeypatch.setattr(io, "open", opening)
        return self

    def step(self, name: str, path: Any) -> None:
        """One thing that is asked for. Raises `OSError` if it is its turn to fail."""
        if not os.fspath(path).startswith(self.below):
            return
        self.count += 1
        self.names.append(name)
        if self.count == self.fail_at or (self.lasting and self.fired):
            raise OSError(self.code, os.strerror(self.code), os.fspath(path))

    def _guarded(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*given: Any, **named: Any) -> Any:
            self.step(name, given[1] if name == "link" else given[0])
            return call(*given, **named)

        return guarded


class _Handle:
    """A file whose writes are counted."""

    def __init__(self, handle: Any, faults: Faults, path: str) -> None:
        self._handle, self._faults, self._path = handle, faults, path

    def write(self, data: Any) -> Any:
        self._faults.step("write", self._path)
        return self._handle.write(data)

    def __enter__(self) -> "_Handle":
        return self

    def __exit__(self, *_: object) -> None:
        self._handle.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)
