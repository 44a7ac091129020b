"""More like these cases, less like those (relevance feedback; Rocchio 1971).

    q' = q + LIKED * mean of the liked cases - UNLIKED * mean of the others

for each block, which is scaled to length 1 again: so a score is the same sum over blocks as ever,
and its split is exact. Of a case with several pictures the one counts that is nearest to the query.
A block that the query lacks stays away: what a report says of a liked case it does not say of this
scan.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage, Mask
from models.errors import UsageError
from retrieval.ranking import CaseRanker

LIKED, UNLIKED = 1.0, 0.5
"""Beside 1 for the query; chosen by simulation, see `benchmarks.refining`."""

MOST = 100
"""Cases that may be marked: nobody looks at more, and each costs time."""

_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Marks:
    """Cases by their numbers, as they were marked."""

    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()

    @property
    def all(self) -> tuple[int, ...]:
        """Liked and others."""
        return (*self.like, *self.unlike)

    def moved(self, ranker: CaseRanker, blocks: Mapping[str, FloatImage]) -> dict[str, FloatImage]:
        """The blocks of a query, float32 (instances, dim) each, moved by the marked cases."""
        if not self.all:
            return dict(blocks)
        query = np.hstack(list(blocks.values()))
        liked, others = (_nearest(ranker, query, cases) for cases in (self.like, self.unlike))
        ends = np.cumsum([block.shape[1] for block in blocks.values()])
        found = {}
        for (name, block), end in zip(blocks.items(), ends.tolist(), strict=True):
            inside = slice(end - block.shape[1], end)
            found[name] = moved(block, liked[..., inside], others[..., inside])
        return found

    def rows(self, ranker: CaseRanker) -> Mask:
        """The rows of the marked cases: bool (rows,)."""
        mask = np.zeros(len(ranker.case_of_row), bool)
        mask[ranker.rows_of(self.all)] = True
        return mask


def marks_of(case_ids: Sequence[str], like: Sequence[str], unlike: Sequence[str]) -> Marks:
    """The marked cases by their numbers, each once. Raises `UsageError` for what does not fit."""
    both = sorted(set(like) & set(unlike))
    if both:
        raise UsageError(f"the case {both[0]!r} is marked both as like and as unlike")
    if len({*like, *unlike}) > MOST:
        raise UsageError(f"{len({*like, *unlike})} cases are marked; at most {MOST} may be")
    wanted = {*like, *unlike}
    if not wanted:
        return Marks()
    number = {name: at for at, name in enumerate(case_ids) if name in wanted}
    unknown = sorted(wanted - number.keys())
    if unknown:
        raise UsageError(
            f"the index has no case {unknown[0]!r}; the ids of cases are those that answers show"
        )
    chosen = (tuple(number[name] for name in dict.fromkeys(names)) for names in (like, unlike))
    return Marks(*chosen)


def moved(
    block: FloatImage,
    liked: FloatImage,
    others: FloatImage,
    counts: tuple[float, float] = (LIKED, UNLIKED),
) -> FloatImage:
    """A block of a query, float32 (instances, dim), moved: rows of length 1, or zeros as before.

    `liked`, `others`: of marked cases, (cases, instances, dim); those without the block are passed
    over. `counts`: of liked and others, beside 1 for the query. Where nothing would be left the
    query stays.
    """
    found = block.astype(np.float64)
    for count, cases in ((counts[0], liked), (-counts[1], others)):
        having = cases[cases.any(axis=(1, 2)) & np.isfinite(cases).all(axis=(1, 2))]
        if len(having):
            found = found + count * having.mean(axis=0)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    kept = (lengths > _NOTHING) & block.any(axis=1, keepdims=True)
    return np.where(kept, found / np.maximum(lengths, _NOTHING), block).astype(np.float32)


def _nearest(ranker: CaseRanker, query: FloatImage, cases: Sequence[int]) -> FloatImage:
    """Of each case its row nearest to each instance: float32 (cases, instances, dim)."""
    allowed = np.zeros(len(ranker.case_of_row), bool)
    allowed[ranker.rows_of(cases)] = True
    ranked = ranker.nearest(query, len(cases), allowed)
    if not ranked:
        return np.zeros((0, *query.shape), np.float32)
    return ranker.vectors(ranked)
