"""The live generation of the index: a new one is picked up without a pause, an old one kept while
anybody is still reading it.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from indexer.commit import CURRENT
from models.errors import CbirError
from retrieval.index import OpenIndex

_log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


@dataclass(slots=True)
class _Live:
    index: OpenIndex
    users: int = 0


class Archive:
    """An index whose live generation may change. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Opens it. Raises `IndexUnusable` or `IndexDamaged`."""
        self.path = path
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._stamp = self._looked()
        self._live = _Live(OpenIndex(path))
        self._live.index.warm()

    @contextlib.contextmanager
    def reading(self) -> Iterator[OpenIndex]:
        """The generation that is live now; it stays whole until the block ends."""
        self._refresh()
        with self._lock:
            live = self._live
            live.users += 1
        try:
            yield live.index
        finally:
            with self._lock:
                live.users -= 1
                done = live is not self._live and not live.users
            if done:
                live.index.close()

    def close(self) -> None:
        """Lets go of the index."""
        self._live.index.close()

    def _looked(self) -> Stamp:
        told = (self.path / CURRENT).stat()
        return told.st_mtime_ns, told.st_ino, told.st_size

    def _refresh(self) -> None:
        """Opens the new generation if there is one; others go on with the old one meanwhile."""
        with contextlib.suppress(OSError):
            if self._looked() == self._stamp or not self._opening.acquire(blocking=False):
                return
            try:
                stamp = self._looked()
                self._swap(OpenIndex(self.path))
                self._stamp = stamp
            except CbirError as error:  # the old one still answers
                _log.warning("the new generation cannot be opened: %s", type(error).__name__)
            finally:
                self._opening.release()

    def _swap(self, index: OpenIndex) -> None:
        index.warm()
        with self._lock:
            before, self._live = self._live, _Live(index)
            done = not before.users
        if done:
            before.index.close()
