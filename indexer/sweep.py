"""Removes the generations that nobody needs any more, and what unfinished runs have left."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer import commit
from indexer.commit import FOLDER, MANIFEST, Generation
from indexer.readers import remove_unless_held

KEEP_S = 3600.0
"""How long the generation before the live one is kept, for a reader on a file system without locks
and for a person who wants it back."""

ERASED_BELOW = "erased_below"
"""In a manifest: generations with a lower number hold what was erased, and may not be kept."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What was removed and what stays: numbers of generations.

    `held`: old ones that a reader holds. `kept`: old ones that are not old enough. `erasing`: those
    of `held` that hold what was erased.
    """

    removed: tuple[int, ...] = ()
    held: tuple[int, ...] = ()
    kept: tuple[int, ...] = ()
    erasing: tuple[int, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return asdict(self)


def collect(index: Path, keep_for_s: float = KEEP_S) -> Swept:
    """Removes the old generations that were replaced at least `keep_for_s` ago (`cbir gc`).

    Raises `IndexLocked`, `IndexUnusable` or `IndexDamaged`.
    """
    commit.opened(index)  # a folder that is no index is not locked, so not written to
    with commit.locked(index):
        return sweep(index, commit.opened(index), keep_for_s)


def sweep(
    index: Path, live: Generation, keep_for_s: float = KEEP_S, only_before: bool = False
) -> Swept:
    """Removes the generations that no reader holds and that were replaced `keep_for_s` ago.

    `only_before`: of the old ones only the last is kept at all, so that an index that changes often
    does not fill the disk. What holds something that was erased goes at once. The writer's lock is
    held by the caller.
    """
    found = dict(_generations(index))
    old = sorted(number for number in found if number != live.number)
    erased_below = int(live.manifest.get(ERASED_BELOW, 0))
    before = max((number for number in old if number < live.number), default=0)
    removed, held, kept = [], [], []
    for number in old:
        wanted = number >= erased_below and (number == before or not only_before)
        if wanted and number < live.number and _replaced_s(found, number) < keep_for_s:
            kept.append(number)
        elif remove_unless_held(found[number]):
            removed.append(number)
        else:
            held.append(number)
    erasing = tuple(number for number in held if number < erased_below)
    return Swept(tuple(removed), tuple(held), tuple(kept), erasing)


def _generations(index: Path) -> Iterator[tuple[int, Path]]:
    """Number and folder of each generation; what unfinished runs have left is removed."""
    for path in list(index.iterdir()):
        named = FOLDER.fullmatch(path.name)
        if not named or not path.is_dir():
            continue
        if named[1] == "gen":
            yield int(named[2]), path
        else:
            commit.discard(path)


def _replaced_s(found: dict[int, Path], number: int) -> float:
    """Seconds since a generation was replaced: since the next one that is there was written."""
    after = min(other for other in found if other > number)
    try:
        return time.time() - (found[after] / MANIFEST).stat().st_mtime
    except OSError:  # half removed already
        return float("inf")
