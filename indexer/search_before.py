"""What of the last generation's approximate index can be built upon."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from indexer.assemble import files_of
from indexer.fit import read_heads
from indexer.lists import Rows
from indexer.previous import Previous
from indexer.searchable import Before, open_search
from indexer.searched import blocks_of, searched_dims
from indexer.store import Store
from models.errors import IndexDamaged


def before_of(folder: Path, previous: Previous, dims: Mapping[str, int]) -> Before | None:
    """The last approximate index, and where its rows are in the store that lies in `folder`.

    `dims`: of the stored blocks. None if there is none, or if it is damaged: then it is made anew.
    """
    old, told = previous.generation, previous.manifest.get("search")
    if old is None or not previous.usable or told is None or not told.get("parts"):
        return None
    try:
        blocks = blocks_of(searched_dims(dims, read_heads(old.path / "heads").likeness))
        count, needed = int(told["count"]), previous.checks.needed
        near = open_search(old.path, told, blocks, count, needed, mapped=False)[1]
    except IndexDamaged:
        return None
    return None if near is None else Before(near, told, _moved(old.path, folder, count))


def _moved(old: Path, new: Path, count: int) -> Rows:
    """Where each old row is now: int64 (count,); -1 where it is not as it was."""
    places = {name: (first, rows) for name, first, rows in _parts(new)}
    moved = np.full(count, -1, np.int64)
    for name, first, rows in _parts(old):
        file = files_of(old, name)[0]
        if name in places and (old / file).samefile(new / file):
            moved[first : first + rows] = places[name][0] + np.arange(rows)
    return moved


def _parts(folder: Path) -> Iterator[tuple[str, int, int]]:
    """Each part's name, its first row and how many it has."""
    first, store = 0, Store(folder)
    for name in store.parts():
        rows = store.rows_in(name)
        yield name, first, rows
        first += rows
