"""From instances to cases: which cases are nearest, exactly, and what each descriptor gave.

How the likenesses of a case's pictures become its value is an aggregation's matter
(`retrieval.aggregation`). Here the rows are found, and looked at in blocks of whole cases, so that
memory does not grow with the archive.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from retrieval.aggregation import Aggregation
from retrieval.aggregation.late import LateInteraction

if TYPE_CHECKING:
    import faiss
    from threadpoolctl import ThreadpoolController

Rows = NDArray[np.int64]
Beside = tuple[FloatImage, FloatImage]
"""A block that the index does not hold: of the query (instances, dim), of all rows (rows, dim)."""

LATE = LateInteraction()

_GATHER_ROWS = 4096
_GATHER_SHARE = 0.1
_SEVERAL = 2
"""From so many query instances on, one matrix product over all rows costs less than FAISS does."""
_BLOCK_ROWS = 512
"""Of these vectors a processor's cache holds a block, so it is copied and multiplied at once."""


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


@dataclass(frozen=True, slots=True)
class _Grouped:
    """Rows case by case, in their own order: those of `cases[i]` are ``rows[starts[i]:...]``."""

    rows: Rows
    cases: Rows
    starts: Rows

    def of(self, place: int) -> Rows:
        """The rows of the case at that place."""
        return self.rows[self.starts[place] : self.starts[place + 1]]

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Places of cases, from and up to, with about `_BLOCK_ROWS` rows, and at least one case."""
        first, count = 0, len(self.cases)
        while first < count:
            fitting = int(np.searchsorted(self.starts, self.starts[first] + _BLOCK_ROWS, "right"))
            last = min(count, max(first + 1, fitting - 1))
            yield first, last
            first = last


class CaseRanker:
    """Finds the nearest cases in a vector index whose row i belongs to case `case_of_row[i]`."""

    def __init__(self, index: "faiss.Index", case_of_row: Rows) -> None:
        """`case_of_row`: int64 (rows,), numbers from 0."""
        self._index = index
        self.case_of_row = case_of_row
        order = np.argsort(case_of_row, kind="stable")
        self._rows_by_case = order.astype(np.int64)
        self._starts = np.searchsorted(case_of_row[order], np.arange(case_of_row.max() + 2))

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
        few = total <= max(_GATHER_ROWS, _GATHER_SHARE * allowed.size)
        if few or how.among_all or len(query) >= _SEVERAL:
            return self._best(query, self._grouped(allowed), count, how)
        return self._search(query, count, allowed, how)

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
            ranked = self._best(query, self._grouped_of(cases, allowed), count, how)
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
        grouped = self._grouped(allowed)
        values = self._values(query, grouped, how, beside)
        order = _best_first(values, grouped)
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
        found = [self._rows_by_case[self._starts[one] : self._starts[one + 1]] for one in cases]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def best_row(self, query: FloatImage, ranked: Ranked) -> int:
        """The one row of a case that stands for it: the nearest to any query instance."""
        return ranked.rows[int(self._products(query, ranked).sum(axis=1).argmax())]

    def _products(self, query: FloatImage, ranked: Ranked) -> FloatImage:
        """Pair by pair, number by number: float32 (pairs, dim)."""
        vectors = self._index.reconstruct_batch(np.array(ranked.rows, np.int64))
        product: FloatImage = query[list(ranked.instances)] * vectors
        return product

    def _best(
        self, query: FloatImage, grouped: _Grouped, count: int, how: Aggregation
    ) -> list[Ranked]:
        """The `count` best of these cases, best first."""
        values = self._values(query, grouped, how)
        places = _best_first(values, grouped)[:count].tolist()
        return [self._ranked(query, grouped, place, how) for place in places]

    def _ranked(self, query: FloatImage, grouped: _Grouped, place: int, how: Aggregation) -> Ranked:
        rows = grouped.of(place)
        similarity = query @ self._vectors(rows).T
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
        self, query: FloatImage, grouped: _Grouped, how: Aggregation, beside: Beside | None = None
    ) -> FloatImage:
        """Each case's value, float32 (cases,): one matrix product, block by block.

        Each block by one thread. Threads that wait for each other within a block took ten times as
        long as one, where cores are shared.
        """

        def kept(block: tuple[int, int]) -> FloatImage:
            starts = grouped.starts[block[0] : block[1] + 1]
            rows = grouped.rows[starts[0] : starts[-1]]
            similarity = query @ self._vectors(rows).T
            if beside is not None:
                similarity += beside[0] @ beside[1][rows].T
            return how.kept(similarity, starts - starts[0])

        blocks = list(grouped.blocks())
        if len(blocks) == 1:
            return how.values(kept(blocks[0]))
        count = min(len(blocks), os.cpu_count() or 1)
        with self._threads.limit(limits=1, user_api="blas"), ThreadPoolExecutor(count) as pool:
            return how.values(np.concatenate(list(pool.map(kept, blocks)), axis=1))

    @cached_property
    def _threads(self) -> "ThreadpoolController":
        from threadpoolctl import ThreadpoolController

        return ThreadpoolController()

    def _vectors(self, rows: Rows) -> FloatImage:
        """float32 (rows, dim)."""
        first, count = int(rows[0]), len(rows)
        if int(rows[-1]) - first + 1 == count and bool((np.diff(rows) == 1).all()):
            run: FloatImage = self._index.reconstruct_n(first, count)
            return run
        picked: FloatImage = self._index.reconstruct_batch(rows)
        return picked

    def _grouped(self, allowed: Mask) -> _Grouped:
        rows = self._rows_by_case[allowed[self._rows_by_case]]
        return self._as_groups(rows)

    def _grouped_of(self, cases: Rows, allowed: Mask) -> _Grouped:
        rows = np.concatenate(
            [self._rows_by_case[self._starts[case] : self._starts[case + 1]] for case in cases]
        )
        return self._as_groups(rows[allowed[rows]])

    def _as_groups(self, rows: Rows) -> _Grouped:
        cases, starts = np.unique(self.case_of_row[rows], return_index=True)
        return _Grouped(rows, cases, np.append(starts, rows.size).astype(np.int64))


def _best_first(values: FloatImage, grouped: _Grouped) -> Rows:
    """Places in `grouped.cases`; of equal values the case that was indexed first."""
    return np.lexsort((grouped.cases, -values))
