"""Writing the log: a record is on the disk before what it tells of is answered.

The file is only ever appended to and is not rotated: a chain has one beginning. Beside it lies
`FILE.head` with the place of the last record, so that a file that was cut short is noticed.
"""

import fcntl
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from models.errors import CannotWrite, UsageError
from retrieval.web.audit import chain
from retrieval.web.audit.chain import START, Link
from retrieval.web.audit.events import AUDIT_LOG_USED, MINOR_FAILURE, UPDATE, Event

_BLOCK = 1 << 16


class Trail:
    """The log of a server or a command. Safe to use from several threads and processes."""

    def __init__(self, path: Path) -> None:
        """Opens or makes it, readable by its owner alone. Raises `CannotWrite`, `UsageError`.

        A last line that a crash has cut off is taken away, and a record says so.
        """
        self.path = path
        self._lock = threading.Lock()
        self._size, self._last = -1, START
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._file = os.open(path, flags, 0o600)
            self._head = os.open(head_of(path), flags & ~os.O_APPEND, 0o600)
            if os.fstat(self._file).st_mode & 0o077:
                os.fchmod(self._file, 0o600)
        except OSError as error:
            raise _cannot(path, error) from error
        with self._lock, _Flock(self._file):
            self._catch_up()

    def write(self, event: Event) -> Link:
        """Appends a record and waits until it is on the disk. Raises `CannotWrite`."""
        with self._lock, _Flock(self._file):
            self._catch_up()
            return self._append(event)

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            os.close(self._file)
            os.close(self._head)

    def _append(self, event: Event) -> Link:
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        data, link = chain.line(self._last, {"EventDateTime": time, **event.to_json()})
        try:
            if os.write(self._file, data) != len(data):
                raise OSError(28, "")  # ENOSPC: what a short write to a file means
            os.fsync(self._file)
        except OSError as error:
            self._take_back()
            raise _cannot(self.path, error) from error
        self._size, self._last = self._size + len(data), link
        try:
            os.pwrite(self._head, head_line(link), 0)
        except OSError as error:
            raise _cannot(head_of(self.path), error) from error
        return link

    def _take_back(self) -> None:
        """What was written of a record that could not be finished goes, if it can."""
        try:
            os.ftruncate(self._file, self._size)
        except OSError:
            self._size = -1  # looked at anew before the next record

    def _catch_up(self) -> None:
        """Finds the last record, if another process has written since."""
        size = os.fstat(self._file).st_size
        if size == self._size:
            return
        whole, text = _last_line(self._file, size)
        told = chain.parsed(text) if text else None
        if text and (told is None or chain.hash_of(told) != told["hash"]):
            raise UsageError(
                f"{self.path}: its last record is not what was written; look with `cbir audit "
                "verify`, put the file away, and a new one begins"
            )
        self._last = Link(told["seq"], told["hash"]) if told else START
        self._size = whole
        if whole < size:
            os.ftruncate(self._file, whole)
            torn = {"torn_bytes": size - whole}
            self._append(Event(AUDIT_LOG_USED, UPDATE, outcome=MINOR_FAILURE, detail=torn))


class _Flock:
    """One process at a time."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __enter__(self) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)


def head_of(path: Path) -> Path:
    """Where the place of the last record is kept."""
    return path.with_name(f"{path.name}.head")


def head_line(link: Link) -> bytes:
    """As it is kept there: always of one length, so that it is replaced by one write."""
    return f"{link.seq:020d}:{link.hash}\n".encode()


def _last_line(handle: int, size: int) -> tuple[int, bytes]:
    """The size of what ends with a line's end, and the last line of it, without its end."""
    tail, at = b"", size
    while at > 0 and tail.count(b"\n") < 2:
        at, before = max(0, at - _BLOCK), at
        tail = os.pread(handle, before - at, at) + tail
    end = tail.rfind(b"\n")
    if end < 0:
        return 0, b""
    return size - (len(tail) - end - 1), tail[tail.rfind(b"\n", 0, end) + 1 : end]


def _cannot(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(f"{path}: {os.strerror(error.errno or 0)}")
