"""Readers: each keeps the generation that it opened, whatever is committed meanwhile.

A reader holds a shared lock (flock(2)) on the manifest of its generation; who removes a generation
holds an exclusive one while he does. The system lets go of a dead one's lock by itself.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer import commit
from indexer.commit import CURRENT, MANIFEST, Generation
from models.errors import IndexDamaged

_TRIES = 20
"""A reader looks again so often where the generation that it was to open is gone by then: each time
another one was committed between two of its steps."""


def open_held(index: Path) -> tuple[Generation, int | None]:
    """The live generation, and what `let_go` takes.

    Raises `IndexUnusable` or `IndexDamaged`.
    """
    for _ in range(_TRIES):
        before = _named(index)
        try:
            generation = commit.opened(index)
        except IndexDamaged:
            if _named(index) == before:
                raise
            continue
        held = hold(generation)
        if _is_there(generation, held):
            return generation, held
        let_go(held)
    raise IndexDamaged(f"{index / CURRENT} names a generation that is not there")


def hold(generation: Generation) -> int | None:
    """Keeps a generation from being swept away; gives what `let_go` takes.

    None where the system has no locks for a file that is only read: then a reader depends on being
    done before the index has changed twice.
    """
    try:
        handle = os.open(generation.path / MANIFEST, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_SH)  # waits for one who is about to remove it
    return handle


def let_go(held: int | None) -> None:
    """Ends what `hold` began."""
    if held is not None:
        os.close(held)


@contextmanager
def holding(index: Path) -> Iterator[Generation]:
    """The live generation, kept while it is looked at. Raises `IndexUnusable` or `IndexDamaged`."""
    generation, held = open_held(index)
    try:
        yield generation
    finally:
        let_go(held)


def remove_unless_held(folder: Path) -> bool:
    """Removes a generation, unless a reader holds it; gives whether it is gone."""
    try:
        handle = os.open(folder / MANIFEST, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # half removed by one that was interrupted
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        return False
    finally:
        os.close(handle)
    return not folder.exists()


def _named(index: Path) -> bytes:
    try:
        return (index / CURRENT).read_bytes()
    except OSError:
        return b""


def _is_there(generation: Generation, held: int | None) -> bool:
    """Whether a generation was not removed before it was held: its manifest has a name."""
    if held is None:
        return (generation.path / MANIFEST).exists()
    return os.fstat(held).st_nlink > 0
