"""A search that is refined by a way of `benchmarks.refining_seen`, as a system to be evaluated.

nearest cases -> what the way makes of them -> nearest cases by that
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.refining_seen import Agreeing, Candidates, Expanding, People, Way, columns_of
from models.arrays import FloatImage, Mask
from models.heads.likeness import BLOCK as LEARNED
from retrieval.aggregation import Aggregation
from retrieval.evaluation.questions import Question
from retrieval.evaluation.systems import Weighted
from retrieval.ranking import LATE, CaseRanker, Ranked, Rows


@dataclass(frozen=True, slots=True)
class Asking:
    """A query. `query`: float32 (instances, dim), blocks side by side, each of length 1 or zeros.

    `weights`: of the blocks, sum 1. `blocks`: their columns.
    """

    query: FloatImage
    weights: Mapping[str, float]
    blocks: Mapping[str, slice]

    @property
    def vector(self) -> FloatImage:
        """What is searched for: float32 (instances, dim), each block times its weight."""
        return np.asarray(self.query * columns_of(self.weights, self.blocks), np.float32)


@dataclass(frozen=True, slots=True)
class Refined:
    """What cases are ranked by: (1 - share) * <vector, case> + share * agreement of the case.

    `vector`: float32 (instances, dim), weighted. `agreement`: case -> 0..1; of any other case 0.
    """

    vector: FloatImage
    name: str = ""
    share: float = 0.0
    agreement: Mapping[int, float] = field(default_factory=dict)

    def nearest(self, ranker: CaseRanker, count: int, allowed: Mask) -> list[Ranked]:
        """As `CaseRanker.nearest` gives them, by that score.

        `agreement` is of the nearest cases only, so no case beyond as many can come before them.
        """
        found = ranker.nearest(self.vector, max(count, len(self.agreement)), allowed)
        if not self.agreement:
            return found
        scored = [replace(one, score=self._score(one)) for one in found]
        return sorted(scored, key=lambda one: -one.score)[:count]

    def _score(self, one: Ranked) -> float:
        return (1 - self.share) * one.score + self.share * self.agreement.get(one.case, 0.0)


def refined(
    way: Way | None, asking: Asking, ranker: CaseRanker, people: People, allowed: Mask
) -> Refined:
    """What `way` makes of a query. `people`: each case's. `allowed`: bool (rows,)."""
    plain = Refined(asking.vector)
    if way is None:
        return plain
    ranked = ranker.nearest(asking.vector, way.depth, allowed)
    if not ranked:
        return plain
    cases = np.array([one.case for one in ranked], np.int64)
    seen = Candidates(
        query=asking.query,
        vectors=ranker.vectors(ranked),
        scores=np.array([one.score for one in ranked], np.float32),
        people=people[cases],
        weights=asking.weights,
        blocks=asking.blocks,
    )
    return _made(way, asking, seen, cases.tolist())


def _made(way: Way, asking: Asking, seen: Candidates, cases: list[int]) -> Refined:
    if isinstance(way, Expanding):
        return Refined(replace(asking, query=way.expanded(seen)).vector)
    agreeing: Agreeing = way
    agreement = dict(zip(cases, map(float, agreeing.agreement(seen)), strict=True))
    return Refined(asking.vector, agreeing.name, agreeing.share, agreement)


@dataclass(frozen=True, slots=True)
class Refining:
    """The index's own search, refined. `people`: a number for each case's person."""

    base: Weighted
    way: Way | None
    people: People
    _rankers: dict[int, CaseRanker] = field(default_factory=dict)

    def order(self, question: Question, allowed: Mask) -> Rows:
        """As a search ranks with this way."""
        found = self.refined(question, allowed)
        if found is None:
            return np.zeros(0, np.int64)
        ranked = found.nearest(self.ranker(question), len(self.people), allowed)
        return np.array([one.case for one in ranked], np.int64)

    def refined(self, question: Question, allowed: Mask) -> Refined | None:
        """What a question is ranked by; None without any of the blocks."""
        asking = self.asking(question)
        if asking is None:
            return None
        return refined(self.way, asking, self.ranker(question), self.people, allowed)

    def asking(self, question: Question) -> Asking | None:
        """A question as it is asked; None without any of the blocks."""
        told = self.base.asking(question)
        if told is None:
            return None
        blocks, shares = told
        count = len(next(iter(blocks.values())))
        parts = [
            blocks.get(name, np.zeros((count, dim), np.float32))
            for name, dim in self.base.dims.items()
        ]
        return Asking(np.hstack(parts), shares, self._columns)

    @property
    def _columns(self) -> dict[str, slice]:
        ends = np.cumsum(list(self.base.dims.values())).tolist()
        return {
            name: slice(end - dim, end)
            for (name, dim), end in zip(self.base.dims.items(), ends, strict=True)
        }

    def ranker(self, question: Question) -> CaseRanker:
        """Over what stands in the index, with what was learned without whoever asks."""
        rows = self.base.fitted(question).rows
        if rows is None:
            return self.base.ranker
        fold = self.base.fold_of.get(question.case_id, 0)
        if fold not in self._rankers:
            self._rankers[fold] = _OfFold(self.base.ranker, self._columns[LEARNED], rows)
        return self._rankers[fold]


class _OfFold(CaseRanker):
    """Ranks by an index whose learned block is replaced; looks at every row."""

    def __init__(self, ranker: CaseRanker, columns: slice, rows: FloatImage) -> None:
        replaced: Any = _Replaced(ranker, columns, rows)  # has what ranking asks of FAISS
        super().__init__(replaced, ranker.case_of_row)

    def nearest(
        self, query: FloatImage, count: int, allowed: Mask, how: Aggregation = LATE
    ) -> list[Ranked]:
        if not allowed.any() or count < 1:
            return []
        return self._best(query, self._cases.grouped(allowed), count, how)


class _Replaced:
    """An index whose block at `columns` is that of `rows`, float32 (rows, C)."""

    def __init__(self, ranker: CaseRanker, columns: slice, rows: FloatImage) -> None:
        self._index = ranker._index
        self._columns = columns
        self._rows = rows

    def reconstruct_batch(self, rows: Rows) -> FloatImage:
        vectors: FloatImage = self._index.reconstruct_batch(rows)
        vectors[:, self._columns] = self._rows[rows]
        return vectors

    def reconstruct_n(self, first: int, count: int) -> FloatImage:
        return self.reconstruct_batch(np.arange(first, first + count))
