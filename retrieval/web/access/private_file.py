"""Files that only their owner may read, replaced whole or not at all."""

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from models.errors import CannotWrite, UsageError

_OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read(path: Path) -> bytes:
    """The content. Raises `UsageError` if it cannot be read, or if others may read or change it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & _OPEN_TO_OTHERS:
                raise UsageError(
                    f"{path} can be read or changed by others ({stat.filemode(mode)}); "
                    f"chmod 600 {path}, and change what was secret in it"
                )
            return file.read()
    except OSError as error:
        raise UsageError(f"{path}: {os.strerror(error.errno or 0)}") from error


def replace(path: Path, data: bytes) -> None:
    """Puts a new content in place: written, synced, renamed, synced. Raises `CannotWrite`."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise CannotWrite(f"{path}: {os.strerror(error.errno or 0)}") from error


def sync_folder(folder: Path) -> None:
    """Makes sure that a new name in a folder lasts. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One writer at a time; others wait. `path`: a file beside what is written, made if needed."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotWrite(f"{path}: {os.strerror(error.errno or 0)}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
