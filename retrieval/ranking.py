"""From instances to cases: which cases are nearest, exactly, and what each descriptor gave.

A case's score is the mean, over the query's instances, of the best that any instance of the case
reaches (MaxSim; Khattab and Zaharia 2020, ColBERT). For one picture against one picture that is
their inner product.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask

if TYPE_CHECKING:
    import faiss

Rows = NDArray[np.int64]

_GATHER_ROWS = 4096
_GATHER_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Ranked:
    """A case among the nearest: its number, its score, and its best row for each query instance."""

    case: int
    score: float
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Scored:
    """Some rows, case by case, and what a query gives them.

    `rows`: sorted by case; those of `cases[i]` are ``rows[starts[i] : starts[i + 1]]``.
    `similarity`: float32 (query instances, rows). `scores`: float32 (cases,).
    """

    rows: Rows
    cases: Rows
    starts: Rows
    similarity: FloatImage
    scores: FloatImage

    @property
    def best_first(self) -> Rows:
        """Places in `cases`; of equal scores the case that was indexed first."""
        return np.lexsort((self.cases, -self.scores))


class CaseRanker:
    """Finds the nearest cases in a vector index whose row i belongs to case `case_of_row[i]`."""

    def __init__(self, index: "faiss.Index", case_of_row: Rows) -> None:
        """`case_of_row`: int64 (rows,), numbers from 0."""
        self._index = index
        self.case_of_row = case_of_row
        order = np.argsort(case_of_row, kind="stable")
        self._rows_by_case = order.astype(np.int64)
        self._starts = np.searchsorted(case_of_row[order], np.arange(case_of_row.max() + 2))

    def nearest(self, query: FloatImage, count: int, allowed: Mask) -> list[Ranked]:
        """The `count` nearest cases, best first, of those with a row in `allowed`.

        `query`: float32 (instances, dim), already weighted. `allowed`: bool (rows,). Fewer are
        given where there are fewer. Ties go to the case that was indexed first.
        """
        rows = np.flatnonzero(allowed)
        if rows.size == 0 or count < 1:
            return []
        if rows.size <= max(_GATHER_ROWS, _GATHER_SHARE * allowed.size):
            return self._score(query, rows, count)
        return self._search(query, count, allowed)

    def _search(self, query: FloatImage, count: int, allowed: Mask) -> list[Ranked]:
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
            ranked = self._score(query, self._rows_of(cases, allowed), count)
            # Every row that was not returned scores, for each query instance, at most the last one.
            unseen = float(scores[:, -1].mean()) if depth < total else -np.inf
            if depth >= total or (len(ranked) == count and ranked[-1].score >= unseen):
                return ranked
            depth = min(depth * 4, total)

    def _rows_of(self, cases: Rows, allowed: Mask) -> Rows:
        rows = np.concatenate(
            [self._rows_by_case[self._starts[case] : self._starts[case + 1]] for case in cases]
        )
        inside: Rows = rows[allowed[rows]]
        return inside

    def order(
        self, query: FloatImage, allowed: Mask, beside: tuple[FloatImage, FloatImage] | None = None
    ) -> Rows:
        """All cases with a row in `allowed`, nearest first, as `nearest` orders them.

        `beside`: a further block that the index does not hold, of the query (instances, dim) and of
        all rows (rows, dim).
        """
        rows = np.flatnonzero(allowed)
        if rows.size == 0:
            return np.zeros(0, np.int64)
        scored = self._scored(query, rows, beside)
        return scored.cases[scored.best_first]

    def _score(self, query: FloatImage, rows: Rows, count: int) -> list[Ranked]:
        """The `count` best of the cases that these rows belong to, best first."""
        scored = self._scored(query, rows)
        ranked = []
        for place in scored.best_first[:count]:
            inside = slice(scored.starts[place], scored.starts[place + 1])
            at = scored.rows[inside][scored.similarity[:, inside].argmax(axis=1)]
            case, score = int(scored.cases[place]), float(scored.scores[place])
            ranked.append(Ranked(case, score, tuple(at.tolist())))
        return ranked

    def _scored(
        self, query: FloatImage, rows: Rows, beside: tuple[FloatImage, FloatImage] | None = None
    ) -> "_Scored":
        rows = rows[np.lexsort((rows, self.case_of_row[rows]))]
        cases, starts = np.unique(self.case_of_row[rows], return_index=True)
        similarity = query @ self._index.reconstruct_batch(rows).T
        if beside is not None:
            similarity += beside[0] @ beside[1][rows].T
        best = np.maximum.reduceat(similarity, starts, axis=1)
        return _Scored(rows, cases, np.append(starts, rows.size), similarity, best.mean(axis=0))

    def vectors(self, rows: Sequence[int]) -> FloatImage:
        """The vectors of some rows, float32 (n, dim)."""
        found: FloatImage = self._index.reconstruct_batch(np.array(rows, np.int64))
        return found

    def contributions(
        self, query: FloatImage, ranked: Ranked, blocks: Mapping[str, slice]
    ) -> dict[str, float]:
        """What each block gave to a case's score; the sum is the score."""
        vectors = self._index.reconstruct_batch(np.array(ranked.rows, np.int64))
        product = (query * vectors).mean(axis=0)
        return {name: float(product[inside].sum()) for name, inside in blocks.items()}

    def best_row(self, query: FloatImage, ranked: Ranked) -> int:
        """The one row of a case that stands for it: the nearest to any query instance."""
        vectors = self._index.reconstruct_batch(np.array(ranked.rows, np.int64))
        return ranked.rows[int((query * vectors).sum(axis=1).argmax())]
