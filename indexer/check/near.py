"""Films that are nearly the same: saved again, made smaller, cut, brightened, marked, tilted.

Who is compared: each film with those nearest to it, by all image descriptors together and by edges
alone, which brightness does not change. What decides is the comparison of the two pictures, piece
by piece (`models.registration`), since films of two patients can have very similar descriptors.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from indexer.check import NEAR_DUPLICATE, SAME_PIXELS, Finding, Found
from indexer.check.material import IMAGE_BLOCKS, Material
from indexer.previews import as_text, chunks
from models.arrays import FloatImage
from models.registration import SAME

if TYPE_CHECKING:
    from indexer.workers import WorkerPool

NEAREST = 3
"""Films that each film is compared with, by each of the two ways."""

LEAST_ALIKE = 0.85
"""Mean cosine of the image descriptors below which films are not compared. Of changed films of the
development half of `chest_xray` the least had 0.89 (docs/check.md)."""

_PAIRS_AT_ONCE = 32

Pair = tuple[int, int]


def find(material: Material, found: Sequence[Finding]) -> Found:
    """One finding for each group of films that are nearly the same."""
    if material.pool is None:
        return Found((), ("near duplicates: nothing to compare previews with",))
    pairs = candidates(material, _again(material, found))
    alike, failed = compared(material, material.pool, pairs)
    groups = joined([pair for pair, how in alike.items() if how >= SAME])
    findings = [_finding(material, group, alike) for group in groups]
    why = f"{failed} pairs of films whose previews could not be compared"
    return Found(tuple(findings), (why,) if failed else ())


def _finding(material: Material, group: Sequence[int], alike: dict[Pair, float]) -> Finding:
    inside = [how for pair, how in alike.items() if set(pair) <= set(group) and how >= SAME]
    return Finding(
        NEAR_DUPLICATE,
        f"nearly the same picture in {len(group)} files (likeness {min(inside):.2f})",
        tuple(material.film(place) for place in group),
        score=round(min(inside), 4),
    )


def _again(material: Material, found: Sequence[Finding]) -> set[int]:
    """All but the first of films that are the same to the bit: they need not be compared again."""
    rows = {film.row for one in found if one.code == SAME_PIXELS for film in one.films[1:]}
    return {place for place, row in enumerate(material.films.rows.tolist()) if row in rows}


def candidates(material: Material, left_out: set[int]) -> list[Pair]:
    """The pairs of places that are worth a look, in order."""
    places = np.array([p for p in range(len(material.films)) if p not in left_out], np.intp)
    vectors = material.vectors[places]
    shown = vectors.any(axis=1)  # a blank film is like nothing
    places, vectors = places[shown], vectors[shown] / np.float32(np.sqrt(len(IMAGE_BLOCKS)))
    start = material.dims["colour"]
    edges = np.ascontiguousarray(vectors[:, start : start + material.dims["edge"]])
    pairs = set()
    for block in (vectors, edges):
        for one, others in enumerate(_nearest(block)):
            pairs |= {(min(one, other), max(one, other)) for other in others if other != one}
    return sorted(
        (int(places[one]), int(places[other]))
        for one, other in pairs
        if vectors[one] @ vectors[other] >= LEAST_ALIKE
    )


def _nearest(vectors: FloatImage) -> list[list[int]]:
    if len(vectors) < 2:
        return []
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    found = index.search(vectors, min(NEAREST + 1, len(vectors)))[1]
    rows: list[list[int]] = found.tolist()
    return rows


def compared(
    material: Material, pool: "WorkerPool", pairs: Sequence[Pair]
) -> tuple[dict[Pair, float], int]:
    """How alike the films of each pair are, and how many pairs could not be compared."""
    alike: dict[Pair, float] = {}
    failed, done = 0, 0
    material.progress("compare", done, len(pairs))
    for outcome in pool.run(_jobs(material, pairs)):
        some = pairs[slice(*outcome.key)]
        if outcome.error is not None:
            failed += len(some)
        else:
            alike |= zip(some, outcome.arrays["likeness"].tolist(), strict=True)
        done += len(some)
        material.progress("compare", done, len(pairs))
    return alike, failed


def _jobs(material: Material, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, dict[str, object]]]:
    for start in range(0, len(pairs), _PAIRS_AT_ONCE):
        some = pairs[start : start + _PAIRS_AT_ONCE]
        films = sorted({place for pair in some for place in pair})
        previews = dict(zip(films, material.films.previews(films), strict=True))
        sizes = [len(previews[one]) + len(previews[other]) for one, other in some]
        for first, last in chunks(sizes, _PAIRS_AT_ONCE):
            yield (start + first, start + last), _job(some[first:last], previews)


def _job(pairs: Sequence[Pair], previews: dict[int, bytes]) -> dict[str, object]:
    films = sorted({place for pair in pairs for place in pair})
    at = {place: number for number, place in enumerate(films)}
    return {
        "job": "alike",
        "previews": as_text([previews[place] for place in films]),
        "pairs": [[at[one], at[other]] for one, other in pairs],
    }


def joined(pairs: Sequence[Pair]) -> list[list[int]]:
    """The places that pairs connect, directly or through others; each group sorted."""
    leader: dict[int, int] = {}

    def first(place: int) -> int:
        while leader.setdefault(place, place) != place:
            place = leader[place]
        return place

    for one, other in pairs:
        low, high = sorted((first(one), first(other)))
        leader[high] = low
    groups: dict[int, list[int]] = {}
    for place in sorted(leader):
        groups.setdefault(first(place), []).append(place)
    return list(groups.values())
