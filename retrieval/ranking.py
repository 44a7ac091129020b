"""From instances to cases: which cases are nearest, exactly, and what each descriptor gave.

How the likenesses of a case's pictures become its value is an aggregation's matter
(`retrieval.aggregation`). Here the rows are found, and looked at in blocks of whole cases, so that
memory does not grow with the archive.
"""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.half import HalfVectors
from models.arrays import FloatImage, Mask
from retrieval.aggregation import Aggregation
from retrieval.aggregation.late import LateInteraction
from retrieval.grouping import BLOCK_ROWS, CaseRows, Grouped, best_first

if TYPE_CHECKING:
    import faiss
    from threadpoolctl import ThreadpoolController

    from indexer.approximate import Approximate, Recipe

Rows = NDArray[np.int64]
Beside = tuple[FloatImage, FloatImage]
"""A block that the index does not hold: of the query (instances, dim), of all rows (rows, dim)."""

LATE = LateInteraction()

_GATHER_ROWS = 4096
_GATHER_SHARE = 0.1
_SEVERAL = 2
"""From so many query instances on, one matrix product over all rows costs less than FAISS does."""
_BLOCK_ROWS = BLOCK_ROWS
_GATHER_NUMBERS = 1 << 23
_FIRST_DEPTH = 8
_DEEPEST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case among the nearest: its number, its score, and the pairs that the score rests on.

    The score is the mean of the likeness of ``instances[i]`` (of the query) and ``rows[i]`` (of the
    index), weighted by ``shares[i]``, sum 1. By default each instance has one row, in turn.
    """

    case: int
    score: float
    rows: tuple[int, ...]
    instances: tuple[int, ...]
    shares: tuple[float, ...]


class CaseRanker:
    """Finds the nearest cases in a vector index whose row i belongs to case `case_of_row[i]`."""

    def __init__(
        self,
        index: "faiss.Index | HalfVectors",
        case_of_row: Rows,
        near: "Approximate | None" = None,
    ) -> None:
        """`case_of_row`: int64 (rows,), numbers from 0. `near`: finds rows without a full look."""
        self._index = index
        self.case_of_row = case_of_row
        self._cases = CaseRows(case_of_row)
        self._near = near

    def nearest(
        self, query: FloatImage, count: int, allowed: Mask, how: Aggregation = LATE
    ) -> list[Ranked]:
        """The `count` nearest cases, best first, of those with a row in `allowed`.

        `query`: float32 (instances, dim), already weighted, in slice order. `allowed`: bool
        (rows,). Fewer are given where there are fewer. Ties go to the case that was indexed first.
        """
        total = int(np.count_nonzero(allowed))
        if not total or count < 1:
            return []
        recipe = None if self._near is None or how.among_all else self._near.recipe(query)
        if recipe is not None and not self._near_enough(total, query):
            return self._approximate(query, count, (allowed, recipe), how)
        few = total <= max(_GATHER_ROWS, _GATHER_SHARE * allowed.size)
        if few or how.among_all or len(query) >= _SEVERAL:
            return self._best(query, self._cases.grouped(allowed), count, how)
        return self._search(query, count, allowed, how)

    def _near_enough(self, total: int, query: FloatImage) -> bool:
        """Whether comparing with so many rows costs no more than looking for candidates."""
        return bool(total * query.shape[1] <= _GATHER_NUMBERS)

    def _approximate(
        self, query: FloatImage, count: int, where: "tuple[Mask, Recipe]", how: Aggregation
    ) -> list[Ranked]:
        """By candidates, deeper and deeper; by everything, where that would be cheaper.

        Candidates' cases are compared with all their rows, so scores are exact.
        """
        (allowed, recipe), near = where, self._near
        depth, total = _FIRST_DEPTH * count, int(np.count_nonzero(allowed))
        while near is not None and depth < total * _DEEPEST_SHARE:
            lowest, rows = near.found(query, depth, allowed, recipe)
            cases = np.unique(self.case_of_row[rows])
            if len(cases):
                grouped = self._cases.grouped_of(cases, allowed)
                ranked = self._best(query, grouped, count, how)
                if len(ranked) == count and ranked[-1].score >= how.ceiling(lowest):
                    return ranked
            depth *= 4
        return self._best(query, self._cases.grouped(allowed), count, how)

    def _search(
        self, query: FloatImage, count: int, allowed: Mask, how: Aggregation
    ) -> list[Ranked]:
        """By FAISS, deeper and deeper until no case that was not seen could still be better."""
        import faiss

        bits = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(allowed.size, faiss.swig_ptr(bits))
        parameters = faiss.SearchParameters()
        parameters.sel = selector
        depth, total = min(8 * count, allowed.size), int(allowed.sum())
        while True:
            scores, rows = self._index.search(query, depth, params=parameters)
            cases = np.unique(self.case_of_row[rows[rows >= 0]])
            ranked = self._best(query, self._cases.grouped_of(cases, allowed), count, how)
            # Every row that was not returned scores, for each query instance, at most the last one.
            unseen = how.ceiling(scores[:, -1]) if depth < total else -np.inf
            if depth >= total or (len(ranked) == count and ranked[-1].score >= unseen):
                return ranked
            depth = min(depth * 4, total)

    def order(
        self,
        query: FloatImage,
        allowed: Mask,
        beside: Beside | None = None,
        how: Aggregation = LATE,
    ) -> Rows:
        """All cases with a row in `allowed`, nearest first, as `nearest` orders them."""
        return self.scores(query, allowed, beside, how)[0]

    def scores(
        self,
        query: FloatImage,
        allowed: Mask,
        beside: Beside | None = None,
        how: Aggregation = LATE,
    ) -> tuple[Rows, FloatImage]:
        """The cases of `order` with their values: int64 (cases,), float32 (cases,)."""
        if not allowed.any():
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        grouped = self._cases.grouped(allowed)
        values = self._values(query, grouped, how, beside)
        order = best_first(values, grouped)
        return grouped.cases[order], values[order]

    def contributions(
        self, query: FloatImage, ranked: Ranked, blocks: Mapping[str, slice]
    ) -> dict[str, float]:
        """What each block gave to a case's score; the sum is the score."""
        shares = np.array(ranked.shares, np.float32)
        product = shares @ self._products(query, ranked)
        return {name: float(product[inside].sum()) for name, inside in blocks.items()}

    def vectors(self, ranked: Sequence[Ranked]) -> FloatImage:
        """Each case's best row for each query instance: float32 (cases, query instances, dim)."""
        rows = np.array([one.rows for one in ranked], np.int64)
        return self.stored(rows.ravel()).reshape(*rows.shape, -1)

    def stored(self, rows: Rows | Sequence[int]) -> FloatImage:
        """The vectors of some rows: float32 (n, dim)."""
        found = self._index.reconstruct_batch(np.asarray(rows, np.int64))
        return np.asarray(found, np.float32)

    def rows_of(self, cases: Sequence[int]) -> Rows:
        """The rows of some cases, one case after the other."""
        return self._cases.of(list(cases))

    def best_row(self, query: FloatImage, ranked: Ranked) -> int:
        """The one row of a case that stands for it: the nearest to any query instance."""
        return ranked.rows[int(self._products(query, ranked).sum(axis=1).argmax())]

    def _products(self, query: FloatImage, ranked: Ranked) -> FloatImage:
        """Pair by pair, number by number: float32 (pairs, dim)."""
        vectors = self._index.reconstruct_batch(np.array(ranked.rows, np.int64))
        product: FloatImage = query[list(ranked.instances)] * vectors
        return product

    def _best(
        self, query: FloatImage, grouped: Grouped, count: int, how: Aggregation
    ) -> list[Ranked]:
        """The `count` best of these cases, best first."""
        values = self._values(query, grouped, how)
        places = best_first(values, grouped)[:count].tolist()
        return [self._ranked(query, grouped, place, how) for place in places]

    def _ranked(self, query: FloatImage, grouped: Grouped, place: int, how: Aggregation) -> Ranked:
        rows = grouped.of(place)
        similarity = self._alike(query, rows)
        pairs = how.pairs(similarity)
        score = float(pairs.shares @ similarity[pairs.instances, pairs.rows])
        return Ranked(
            int(grouped.cases[place]),
            score,
            tuple(rows[pairs.rows].tolist()),
            tuple(pairs.instances.tolist()),
            tuple(pairs.shares.tolist()),
        )

    def _values(
        self, query: FloatImage, grouped: Grouped, how: Aggregation, beside: Beside | None = None
    ) -> FloatImage:
        """Each case's value, float32 (cases,): one matrix product, block by block.

        Each block by one thread. Threads that wait for each other within a block took ten times as
        long as one, where cores are shared.
        """

        def kept(block: tuple[int, int]) -> FloatImage:
            starts = grouped.starts[block[0] : block[1] + 1]
            rows = grouped.rows[starts[0] : starts[-1]]
            similarity = self._alike(query, rows)
            if beside is not None:
                similarity += beside[0] @ beside[1][rows].T
            return how.kept(similarity, starts - starts[0])

        blocks = list(grouped.blocks(_BLOCK_ROWS))
        if len(blocks) == 1:
            return how.values(kept(blocks[0]))
        count = min(len(blocks), os.cpu_count() or 1)
        with self._threads.limit(limits=1, user_api="blas"), ThreadPoolExecutor(count) as pool:
            return how.values(np.concatenate(list(pool.map(kept, blocks)), axis=1))

    @cached_property
    def _threads(self) -> "ThreadpoolController":
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController()

    def _alike(self, query: FloatImage, rows: Rows) -> FloatImage:
        """Inner products: float32 (instances, rows)."""
        if isinstance(self._index, HalfVectors):
            return self._index.alike(query, rows)
        similarity: FloatImage = query @ self._vectors(rows).T
        return similarity

    def _vectors(self, rows: Rows) -> FloatImage:
        """float32 (rows, dim)."""
        first, count = int(rows[0]), len(rows)
        if int(rows[-1]) - first + 1 == count and bool((np.diff(rows) == 1).all()):
            run: FloatImage = self._index.reconstruct_n(first, count)
            return run
        picked: FloatImage = self._index.reconstruct_batch(rows)
        return picked
