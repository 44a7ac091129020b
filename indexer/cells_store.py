"""Cells of instances (`models.regions.cells`) in the feature store, beside the previews.

A row without cells is null: of a part that an older version wrote and this one rewrites.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from indexer.describe import Described
from indexer.store import CELLS, FRAME, STEP
from models.errors import IndexDamaged
from models.regions.cells import Cells

Rows = NDArray[np.int64]

_FRAME = pa.list_(pa.int32(), 8)


def with_cells(table: pa.Table, taken: Sequence[Described]) -> pa.Table:
    """The rows of some scans with their cells, if all of them have some."""
    known = [one.cells for one in taken if one.cells is not None]
    if not known:
        return table
    size = known[0].values[0].size
    cells: list[bytes | None] = []
    steps: list[float | None] = []
    frames: list[tuple[int, ...] | None] = []
    for one in taken:
        if one.cells is None:
            for column in (cells, steps, frames):
                column.extend([None] * len(one.slices))
            continue
        cells += [row.tobytes() for row in one.cells.values]
        steps += one.cells.steps.tolist()
        frames += list(one.frames)
    table = table.append_column(CELLS, pa.array(cells, pa.binary(size)))
    table = table.append_column(STEP, pa.array(steps, pa.float32()))
    return table.append_column(FRAME, pa.array(frames, _FRAME))


def cells_of(table: pa.Table, shape: tuple[int, int]) -> tuple[Cells, Rows]:
    """The cells of rows that have some, and which rows they are: int64 (n,).

    `shape`: (cells, dim). Raises `IndexDamaged` where they are not of that size.
    """
    column = table.column(CELLS).combine_chunks()
    if column.type != pa.binary(shape[0] * shape[1]):
        raise IndexDamaged(f"the cells of the index are {column.type}, not {shape} bytes")
    has = np.flatnonzero(column.is_valid().to_numpy(zero_copy_only=False))
    kept = column if len(has) == len(column) else column.drop_null()
    if isinstance(kept, pa.ChunkedArray):
        kept = pa.concat_arrays(kept.chunks) if kept.num_chunks else pa.array([], column.type)
    start = kept.offset * column.type.byte_width
    data = kept.buffers()[1] or b""
    values = np.frombuffer(data, np.int8)[start : start + len(kept) * column.type.byte_width]
    steps = table.column(STEP).to_numpy()[has].astype(np.float32)
    return Cells(values.reshape(-1, *shape), steps), has


def told_of(described: Described, regions: pa.Table | None) -> Described:
    """A description with the cells that were kept of it: `regions`, its rows, or None."""
    if regions is None or CELLS not in regions.column_names:
        return described
    size = regions.schema.field(CELLS).type.byte_width
    cells, has = cells_of(regions, (1, size))
    if len(has) < len(regions):
        return described
    frames = tuple(tuple(frame) for frame in regions.column(FRAME).to_pylist())
    return replace(described, cells=cells, frames=frames)
