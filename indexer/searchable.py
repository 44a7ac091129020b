"""Writes what is searched, as it was planned, and opens it again.

An exact index is one file of vectors. An approximate one has the vectors as 16-bit numbers with
their checksums, and a file of lists for each of its parts. All of it follows from the parquet.
What has not changed since the last generation keeps its codes and its lists' centres, until the
archive has grown to `GROWN` times what they were fitted on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer import half, vectors
from indexer.approximate import Approximate, Recipe
from indexer.calibrate import DEFAULT, calibrated
from indexer.commit import write_file
from indexer.half import SUMS, HalfVectors
from indexer.lists import Lists, Rows, Space, lists_for, sample_for, trained
from indexer.search_plan import APPROXIMATE, FLOAT32, SearchPlan, Wish
from models.arrays import FloatImage
from models.errors import IndexDamaged

if TYPE_CHECKING:
    import faiss

GROWN = 2.0
_AT_ONCE = 1 << 13
_SAMPLE_BYTES = 1 << 29

Tell = Callable[[str], None]
Searchable = tuple["faiss.Index | HalfVectors", Approximate | None]


@dataclass(frozen=True, slots=True)
class Before:
    """The approximate index that is built upon, and where its rows are now.

    `new_number`: int64 (rows before,); -1 where a row is gone or has changed. `told`: what its
    manifest said.
    """

    index: Approximate
    told: Mapping[str, Any]
    new_number: Rows


def part_file(name: str) -> str:
    """The file of a part."""
    return f"lists-{name}.faiss"


def is_search_file(name: str) -> bool:
    """Whether a file can be made anew from the tables."""
    return name in (vectors.FILE, SUMS) or (name.startswith("lists-") and name.endswith(".faiss"))


def write(
    folder: Path,
    rows: Iterable[FloatImage],
    form: tuple[SearchPlan, Mapping[str, slice]],
    wish: Wish,
    before: Before | None = None,
) -> dict[str, Any]:
    """Writes what is searched into `folder`; gives what the manifest says of it.

    `form`: what was planned, and the columns of each block. `rows`: float32 (n, dim), part by part.
    Raises `CannotWrite`, or `IndexDamaged` if the disk does not give back what was written.
    """
    chosen, blocks = form
    told: dict[str, Any] = {"kind": chosen.kind, "asked": wish.to_json(), "plan": asdict(chosen)}
    if chosen.kind == FLOAT32:
        count = vectors.write(folder / vectors.FILE, rows, chosen.dim)
    else:
        count = half.write(folder, rows, chosen.dim)
    told["count"] = count
    if chosen.kind != APPROXIMATE:
        return {**told, "recall": 1.0}
    whole = HalfVectors(folder, count, chosen.dim)
    built, fitted_on = _built(whole, chosen, blocks, before)
    recipes = calibrated(built, chosen.weights, wish.recall)
    kept = fitted_on < count
    if kept and not recipes[0].looks:  # what was kept does not serve what has come
        built, fitted_on = _built(whole, chosen, blocks, None)
        recipes = calibrated(built, chosen.weights, wish.recall)
    for name, part in built.parts.items():
        _save(folder / part_file(name), part)
    return {
        **told,
        "fitted_on": fitted_on,
        "parts": {name: dict(weights) for name, weights in chosen.parts.items()},
        "recipes": [recipe.to_json() for recipe in recipes],
        "recall": next(one.recall for one in recipes if one.name == DEFAULT),
    }


def _built(
    whole: HalfVectors,
    chosen: SearchPlan,
    blocks: Mapping[str, slice],
    before: Before | None,
) -> tuple[Approximate, int]:
    """Every part over `whole`, and on how many rows its centres were fitted."""
    upon = before if before is not None and _fits(before, chosen) else None
    parts: dict[str, Lists] = {}
    for name, weights in chosen.parts.items():
        if upon is None:
            part = _fitted(whole, Space.of(name, weights, blocks))
            new = np.arange(whole.ntotal)
        else:
            old = upon.index.parts[name]
            part = old.empty()
            part.kept(old, upon.new_number)
            new = np.setdiff1d(np.arange(whole.ntotal), upon.new_number)
        for first in range(0, len(new), _AT_ONCE):
            numbers = new[first : first + _AT_ONCE]
            part.add(whole.reconstruct_batch(numbers), numbers)
        parts[name] = part
    count = whole.ntotal if upon is None else int(upon.told["fitted_on"])
    return Approximate(whole, blocks, parts), count


def _fits(before: Before, chosen: SearchPlan) -> bool:
    """Whether what is there can be added to: the same parts, and not grown too much."""
    same = before.told["parts"].keys() == chosen.parts.keys()
    dims = before.index.vectors.d == chosen.dim
    return same and dims and chosen.count < GROWN * before.told["fitted_on"]


def _fitted(whole: HalfVectors, space: Space) -> Lists:
    most = max(1, _SAMPLE_BYTES // (4 * len(space.columns)))
    count = min(sample_for(whole.ntotal), most)
    drawn = np.random.default_rng(3).choice(whole.ntotal, count, replace=False)
    rows = np.empty((count, len(space.columns)), np.float32)
    drawn.sort()
    for first in range(0, count, _AT_ONCE):
        some = drawn[first : first + _AT_ONCE]
        rows[first : first + len(some)] = space.stored(whole.reconstruct_batch(some))
    return Lists(space, trained(rows, lists_for(whole.ntotal)))


def _save(path: Path, part: Lists) -> None:
    """FAISS does not tell of a full disk, so it writes into memory and this into the file."""
    import faiss

    write_file(path, faiss.serialize_index(part.index).data)


def open_search(
    folder: Path,
    told: Mapping[str, Any] | None,
    blocks: Mapping[str, slice],
    count: int,
    needed: Callable[[str], None],
    mapped: bool = True,
) -> Searchable:
    """What `write` wrote. `told`: of the manifest. `needed`: compares a file with its hash.
    `mapped`: lists are read as they are needed; they can be built upon only if they are not.

    FAISS is only given files that were compared. Raises `IndexDamaged`.
    """
    dim = max(inside.stop for inside in blocks.values())
    kind = FLOAT32 if told is None else told["kind"]
    if kind == FLOAT32:
        needed(vectors.FILE)
        return vectors.read(folder / vectors.FILE, count, dim), None
    needed(SUMS)
    whole = HalfVectors(folder, count, dim)
    if kind != APPROXIMATE or told is None:
        return whole, None
    parts = {}
    for name, weights in told["parts"].items():
        needed(part_file(name))
        parts[name] = _opened(
            folder / part_file(name), Space.of(name, weights, blocks), count, mapped
        )
    recipes = tuple(Recipe.from_json(one) for one in told["recipes"])
    return whole, Approximate(whole, blocks, parts, recipes)


def _opened(path: Path, space: Space, count: int, mapped: bool) -> Lists:
    import faiss

    try:
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP if mapped else 0)
    except RuntimeError as error:
        raise IndexDamaged(f"{path} cannot be read") from error
    if index.ntotal != count or index.d != len(space.columns):
        raise IndexDamaged(f"{path} does not hold {count} vectors of {len(space.columns)}")
    lists = Lists(space, index)
    if mapped:  # else each search starts 32 threads that only touch pages
        mapping: Any = faiss.downcast_InvertedLists(lists.inner.invlists)
        mapping.prefetch_nthread = 0
    return lists
