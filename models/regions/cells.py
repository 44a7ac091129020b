"""The cells of a picture: an encoder's finer feature map on a coarse grid, in few bytes.

A map of 14 x 14 places of 672 numbers (EfficientNet-Lite0) becomes 7 x 7 cells of 40: the mean of
the places in a cell, along the directions in which the encoder tells invented pictures apart most
(`models.regions.invented`; principal components). So the directions follow from the encoder alone:
nobody's film is in them, and what is added later needs nothing done again.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.encoders import Encoder
from models.regions.invented import pictures

GRID = 7
"""Cells along each side, at most."""

DIM = 40
"""Numbers in a cell, at most."""

_MOST = 127

Bytes = NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Cells:
    """Pictures on a grid: int8 (n, cells, dim), row by row, and each one's step, float32 (n,)."""

    values: Bytes
    steps: FloatImage

    def __len__(self) -> int:
        """How many pictures."""
        return len(self.values)

    def taken(self, start: int, end: int) -> "Cells":
        """Some of them."""
        return Cells(self.values[start:end], self.steps[start:end])

    @classmethod
    def of(cls, numbers: FloatImage) -> "Cells":
        """Numbers (n, cells, dim) in bytes; zeros for a picture with one that is not finite."""
        most = np.abs(numbers).max(axis=(1, 2))
        steps = np.where(np.isfinite(most), most, 0) / _MOST
        scale = np.where(steps > 0, 1 / np.maximum(steps, 1e-30), 0)[:, None, None]
        with np.errstate(invalid="ignore"):
            values = np.rint(np.where(scale > 0, numbers, 0) * scale)
        return cls(values.astype(np.int8), steps.astype(np.float32))


@dataclass(frozen=True, slots=True)
class CellBasis:
    """How a map becomes cells. `grid`: rows and columns of cells.

    `mean`: float32 (channels,). `axes`: float32 (channels, dim).
    """

    grid: tuple[int, int]
    mean: FloatImage
    axes: FloatImage

    @property
    def size(self) -> int:
        """Bytes of a picture's cells."""
        return self.grid[0] * self.grid[1] * int(self.axes.shape[1])

    def numbers(self, maps: FloatImage) -> FloatImage:
        """float32 (n, cells, dim) of maps, float32 (n, rows, columns, channels)."""
        down, across = (
            shares(before, after) for before, after in zip(maps.shape[1:3], self.grid, strict=True)
        )
        # A projection and a mean commute; the maps come with their channels first in memory.
        first = np.moveaxis(maps, -1, 1).reshape(len(maps), maps.shape[-1], -1)
        pooled = np.matmul(self.axes.T, first) @ np.kron(down, across).T
        return np.asarray(pooled.transpose(0, 2, 1) - self.mean @ self.axes, np.float32)

    def cells(self, maps: FloatImage) -> Cells:
        """The same in bytes."""
        return Cells.of(self.numbers(maps))


def shares(before: int, after: int) -> FloatImage:
    """float32 (after, before): `after` equal parts of `before`, each as the mean of what is in it.

    A pixel that lies in two parts counts in each by its share.
    """
    edges = np.linspace(0, before, after + 1)
    places = np.arange(before)
    inside = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
    inside = np.clip(inside, 0, None)
    return np.asarray(inside / inside.sum(axis=1, keepdims=True), np.float32)


def basis_of(encoder: Encoder) -> CellBasis | None:
    """The basis that follows from an encoder; None for one that has no feature map."""
    size = encoder.spec.size
    found = [encoder.encode_detail(some)[1] for some in np.array_split(pictures(size), 6)]
    kept = [one for one in found if one is not None]
    if not kept:
        return None
    maps = np.concatenate(kept)
    rows, columns, channels = maps.shape[1:]
    grid = (min(GRID, rows), min(GRID, columns))
    plain = CellBasis(grid, np.zeros(channels, np.float32), np.eye(channels, dtype=np.float32))
    places = plain.numbers(maps).reshape(-1, channels).astype(np.float64)
    mean = places.mean(axis=0)
    _, directions = np.linalg.eigh((places - mean).T @ (places - mean))
    axes = directions[:, ::-1][:, : min(DIM, channels)]
    return CellBasis(grid, mean.astype(np.float32), np.ascontiguousarray(axes, np.float32))
