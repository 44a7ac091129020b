"""Cases with a region like the one that was asked about, wherever in their pictures it is.

Every picture of the index is looked at, part by part: each window of about the region's size on its
grid of cells (`models.regions`). A case of several pictures is as near as its nearest is; where the
region reaches over several slices, each finds its own nearest, and the mean counts.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.cells_store import cells_of
from indexer.frame import Box, box_of
from indexer.store import CELLS, FRAME, STEP
from models.arrays import FloatImage, Mask
from models.errors import UsageError
from models.regions.cells import Cells
from models.regions.windows import Places, Spread, Windows, alike, described
from retrieval import aggregation
from retrieval.answer import Hit, Place
from retrieval.index import OpenIndex
from retrieval.ranking import Ranked
from retrieval.remarks import Circumstances, remarks_of

if TYPE_CHECKING:
    from indexer.describe import Described
    from retrieval.query import Query

NAME = "region"
"""Of the one part of a score."""

NO_DIAGNOSIS = "a part of the scan was asked about, and no suggestion was ever checked on parts"
NO_WHY = (
    "--why does not explain a query by --region: the place that made a case similar is named with "
    "each hit; leave one of the two out"
)
NO_CELLS = (
    "this index has no regions, for it was built by an earlier version of this software, or with "
    "an encoder that has no feature map; build it again with `cbir index ARCHIVE --out INDEX "
    "--no-resume`"
)

_SAMPLE_PARTS, _SAMPLE = 8, 2000

Rows = NDArray[np.int64]


def check_regional(asked: "Query", index: OpenIndex) -> None:
    """Raises `UsageError` for what does not go with a region."""
    if asked.scan is None:
        raise UsageError("--region is of a scan, and none was given: name one")
    beside = {
        "--text": asked.text.strip(),
        "--weights": asked.weights,
        "--like": asked.like,
        "--unlike": asked.unlike,
        "--refine": asked.refine,
        "--aggregate": asked.aggregate != aggregation.DEFAULT,
    }
    for option, given in beside.items():
        if given:
            raise UsageError(f"{option} does not go with --region: the region alone is compared")
    if index.basis is None:
        raise UsageError(NO_CELLS)


class ByRegion:
    """Is a `retrieval.refining.ranking.Ranking`: cases by their most similar window."""

    def __init__(self, index: OpenIndex, asked: "Described") -> None:
        """`asked`: described with a region. Raises `UsageError` if the index has no cells."""
        basis = index.basis
        if basis is None or asked.cells is None or asked.weights is None:
            raise UsageError(NO_CELLS)
        self._index, self._basis = index, basis
        shape = (basis.grid[0] * basis.grid[1], basis.axes.shape[1])
        cells = Cells(asked.cells.values.reshape(-1, *shape), asked.cells.steps)
        there = asked.weights.any(axis=1)
        self._queries = described(cells, self._spread, asked.weights)[there]
        largest = int(asked.weights.sum(axis=1).argmax())
        taken = box_of(asked.frames[largest], shown=False)
        self._windows = Windows.like(_inside(asked.region, taken), basis.grid)

    def nearest(self, count: int, allowed: Mask) -> list[Ranked]:
        """The `count` best cases with a row in `allowed`; ties to the one indexed first."""
        values, _ = self._alike
        rows = np.flatnonzero(allowed & np.isfinite(values[:, 0]))
        case_of_row = self._index.ranker.case_of_row
        rows = rows[np.argsort(case_of_row[rows], kind="stable")]
        if not rows.size:
            return []
        cases, starts = np.unique(case_of_row[rows], return_index=True)
        best = np.maximum.reduceat(values[rows], starts, axis=0).mean(axis=1)
        ends = np.append(starts[1:], len(rows))
        order = np.lexsort((cases, -best))[:count]
        return [self._ranked(int(cases[at]), rows[starts[at] : ends[at]]) for at in order]

    def contributions(self, ranked: Ranked) -> dict[str, float]:
        """The score has one part."""
        return {NAME: ranked.score}

    def best_row(self, ranked: Ranked) -> int:
        """The row of a case with the most similar window of all."""
        values, _ = self._alike
        given = [values[row, one] for row, one in zip(ranked.rows, ranked.instances, strict=True)]
        return ranked.rows[int(np.argmax(given))]

    def windows(self) -> tuple[FloatImage, FloatImage]:
        """Every row's score for the first region slice (-inf without cells), and its best window.

        float32 (rows,), and (rows, 4) in shares of the picture: left, top, width, height.
        """
        values, windows = self._alike
        return values[:, 0], self._windows.boxes[windows[:, 0]]

    def placed(self, hits: Sequence[Hit]) -> tuple[Hit, ...]:
        """The hits with the place of their best window."""
        return tuple(replace(hit, region=self._place(hit.instance)) for hit in hits)

    def remarks(
        self, asked: "Query", patients: tuple[str, ...], own: int, found: int
    ) -> tuple[str, ...]:
        """What a person has to know. `own`: rows of the patient's own; `found`: cases."""
        about = Circumstances(
            scan=True,
            weights={},
            words="",
            own_weights=True,
            filtered=False,
            named=asked.patient_id.strip(),
            patients=patients,
            own=own,
            wanted=asked.k,
            found=found,
        )
        without = int((~np.isfinite(self._alike[0][:, 0])).sum())
        if not without:
            return remarks_of(about)
        said = f"{without} images of the index have no regions and were not looked at: "
        return (*remarks_of(about), said + "they were indexed by an earlier version")

    def _ranked(self, case: int, rows: Rows) -> Ranked:
        values = self._alike[0][rows]
        best = values.argmax(axis=0)
        count = len(best)
        score = float(values[best, np.arange(count)].mean())
        shares = (1 / count,) * count
        return Ranked(case, score, tuple(rows[best].tolist()), tuple(range(count)), shares)

    def _place(self, row: int) -> Place:
        values, windows = self._alike
        box = self._windows.boxes[windows[row, int(values[row].argmax())]]
        frame = self._frame(row)
        left, top, width, height = box_of(frame, shown=False)
        start = (left + round(float(box[0]) * width), top + round(float(box[1]) * height))
        size = (max(1, round(float(box[2]) * width)), max(1, round(float(box[3]) * height)))
        return Place((*start, *size), box_of(frame, shown=True))

    @cached_property
    def _alike(self) -> tuple[FloatImage, Places]:
        """Of every row its best window for each query slice: cosine and number, (rows, queries).

        -inf for a row without cells.
        """
        shape = (len(self._index.facts), len(self._queries))
        values, windows = np.full(shape, -np.inf, np.float32), np.zeros(shape, np.int64)
        for start, name in self._parts:
            cells, has = self._cells(name)
            found = alike(cells, self._spread, self._windows, self._queries)
            values[start + has], windows[start + has] = found
        return values, windows

    @cached_property
    def _parts(self) -> list[tuple[int, str]]:
        """The parts that have cells, each with the row that it starts at."""
        found, start = [], 0
        for name in self._index.store.parts():
            if self._index.store.has_regions(name):
                found.append((start, name))
            start += self._index.store.count(name)
        return found

    @cached_property
    def _spread(self) -> Spread:
        """Of pictures of some parts, evenly spaced; the same for each query."""
        count = min(len(self._parts), _SAMPLE_PARTS)
        chosen = [
            self._parts[(2 * at + 1) * len(self._parts) // (2 * count)] for at in range(count)
        ]
        found = [self._cells(name)[0] for _, name in chosen]
        values = np.concatenate([one.values for one in found])
        steps = np.concatenate([one.steps for one in found])
        every = slice(None, None, -(-len(values) // _SAMPLE))
        return Spread.of(Cells(values[every], steps[every]))

    def _cells(self, name: str) -> tuple[Cells, Rows]:
        table = self._index.store.regions(name, [CELLS, STEP])
        if table is None:
            raise UsageError(NO_CELLS)
        grid = self._basis.grid
        return cells_of(table, (grid[0] * grid[1], self._basis.axes.shape[1]))

    def _frame(self, row: int) -> tuple[int, ...]:
        start, name = max(part for part in self._parts if part[0] <= row)
        table = self._index.store.regions(name, [FRAME])
        told = None if table is None else table.column(FRAME)[row - start].as_py()
        return tuple(told or (0,) * 8)


def _inside(region: Sequence[int], taken: Box) -> tuple[float, float, float, float]:
    """A region's box (x, y, width, height, ...) in shares of what the encoder saw of the picture.

    Of a box that is partly beyond it, what is inside.
    """
    found = []
    for start, length, first, whole in zip(
        region[:2], region[2:4], taken[:2], taken[2:], strict=True
    ):
        low, end = max(0, start - first), min(whole, start + length - first)
        found.append((low / whole, max(1, end - low) / whole))
    (left, wide), (top, high) = found
    return left, top, wide, high
