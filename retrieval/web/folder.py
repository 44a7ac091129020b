"""The server's private folder: what was handed in, and frames for viewers; gone with the server."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Self

PREFIX = "cbir-serve-"
_LOCK = "lock"


class PrivateFolder:
    """A folder that nobody else may look into (0700). A context manager that leaves nothing.

    What a server that was killed has left behind is removed when the next one starts: its lock
    has gone with it.
    """

    def __init__(self, parent: Path | None = None) -> None:
        """`parent`: where it is made; the system's folder for such things, if not said."""
        base = parent or Path(tempfile.gettempdir())
        for left in base.glob(f"{PREFIX}*"):
            _remove_if_abandoned(left)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self._lock: IO[bytes] = (self.path / _LOCK).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Removes it."""
        self.close()

    def close(self) -> None:
        """Removes it with all that is in it. Safe to call twice."""
        self._lock.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _remove_if_abandoned(folder: Path) -> None:
    with contextlib.suppress(OSError):
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
