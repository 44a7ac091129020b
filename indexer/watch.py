"""Keeps an index up to date with a folder that changes (`cbir watch`).

    look at the tree -> has it changed, and then come to rest? -> build -> wait

Files are told apart by path, size and time, as `indexer.plan` does; nothing is opened to find out
that nothing has changed. A film that is still being copied changes from one look to the next, so
nothing is built before two looks in a row have seen the same.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from indexer.archive import walk
from indexer.pipeline import Options, build
from indexer.summary import Summary
from models.errors import CannotWrite, CbirError, IndexLocked, NothingToIndex, UsageError

PASSING = (CannotWrite, IndexLocked, NothingToIndex, UsageError)
"""What may be over at the next look: a full disk, another writer, a folder that is empty, not
mounted, or whose manifest is being written."""

_LONGEST_WAIT_S = 300.0

Told = Callable[[Summary | CbirError], None]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """`every_s`: seconds between two looks. `settle_s`: so long nothing may have changed."""

    every_s: float = 10.0
    settle_s: float = 5.0


def watch(
    archive: Path,
    out: Path,
    options: Options,
    rhythm: Rhythm,
    stop: threading.Event,
    told: Told,
) -> None:
    """Builds once, and then whenever the folder has changed and come to rest, until `stop` is set.

    `told` hears of each build and of what stood in its way; what may pass is tried again, each time
    after twice as long a wait. Raises what does not pass: `IndexDamaged`, `IndexUnusable`,
    `ModelUnusable`; and what stands in the way of the very first build.
    """
    built: str | None = None
    failures = 0
    while not stop.is_set():
        seen = _at_rest(archive, options.label_from, rhythm.settle_s, stop)
        if seen is not None and (seen != built or failures):
            try:
                told(build(archive, out, options))
                built, failures = seen, 0
            except PASSING as error:
                if built is None and isinstance(error, UsageError):
                    raise
                told(error)
                failures += 1
        wait_s = rhythm.every_s * 2**failures if failures else rhythm.every_s
        stop.wait(min(wait_s, max(_LONGEST_WAIT_S, rhythm.every_s)))


def state_of(archive: Path, label_from: str) -> str:
    """SHA-256 of the paths, sizes and times of an archive's files, and of what its manifest says.

    Why it cannot be read, where it cannot: a folder that is away is in a state too.
    """
    try:
        listing = walk(archive, label_from)
    except (CbirError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    rejects = [(reject.path, reject.code) for reject in listing.rejects]
    return hashlib.sha256(repr((listing.state(), rejects)).encode("utf-8", "replace")).hexdigest()


def _at_rest(archive: Path, label_from: str, settle_s: float, stop: threading.Event) -> str | None:
    """The archive's state, once it has been the same for `settle_s`; None if it is to stop."""
    seen, since = state_of(archive, label_from), time.monotonic()
    while time.monotonic() - since < settle_s:
        if stop.wait(min(settle_s, 1.0)):
            return None
        now = state_of(archive, label_from)
        if now != seen:
            seen, since = now, time.monotonic()
    return seen
