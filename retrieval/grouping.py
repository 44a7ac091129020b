"""Rows case by case, so that what is compared can be looked at in blocks of whole cases."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask

Rows = NDArray[np.int64]

BLOCK_ROWS = 512
"""Of these vectors a processor's cache holds a block, so it is copied and multiplied at once."""

_FEW_ROWS = 0.1


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows case by case, in their own order: those of `cases[i]` are ``rows[starts[i]:...]``."""

    rows: Rows
    cases: Rows
    starts: Rows

    def of(self, place: int) -> Rows:
        """The rows of the case at that place."""
        return self.rows[self.starts[place] : self.starts[place + 1]]

    def blocks(self, block_rows: int) -> Iterator[tuple[int, int]]:
        """Places of cases, from and up to, with about `block_rows` rows, and at least one case."""
        first, count = 0, len(self.cases)
        while first < count:
            fitting = int(np.searchsorted(self.starts, self.starts[first] + block_rows, "right"))
            last = min(count, max(first + 1, fitting - 1))
            yield first, last
            first = last


class CaseRows:
    """Which rows are of which case, in both directions."""

    def __init__(self, case_of_row: Rows) -> None:
        """`case_of_row`: int64 (rows,), numbers from 0."""
        self.case_of_row = case_of_row
        order = np.argsort(case_of_row, kind="stable")
        self._rows_by_case = order.astype(np.int64)
        self._starts = np.searchsorted(case_of_row[order], np.arange(case_of_row.max() + 2))

    def of(self, cases: Rows | list[int]) -> Rows:
        """The rows of some cases, one case after the other."""
        found = [self._rows_by_case[self._starts[one] : self._starts[one + 1]] for one in cases]
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def grouped(self, allowed: Mask) -> Grouped:
        """All rows in `allowed` (bool, rows)."""
        if np.count_nonzero(allowed) < _FEW_ROWS * allowed.size:
            few = np.flatnonzero(allowed)
            return self._groups(few[np.argsort(self.case_of_row[few], kind="stable")])
        return self._groups(self._rows_by_case[allowed[self._rows_by_case]])

    def grouped_of(self, cases: Rows, allowed: Mask) -> Grouped:
        """The rows in `allowed` of some cases, which are in order."""
        rows = self.of(cases)
        return self._groups(rows[allowed[rows]])

    def _groups(self, rows: Rows) -> Grouped:
        cases, starts = np.unique(self.case_of_row[rows], return_index=True)
        return Grouped(rows, cases, np.append(starts, rows.size).astype(np.int64))


def best_first(values: FloatImage, grouped: Grouped) -> Rows:
    """Places in `grouped.cases`; of equal values the case that was indexed first."""
    return np.lexsort((grouped.cases, -values))
