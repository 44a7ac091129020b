"""Where in a picture something like a region is: windows over its cells, and how alike each is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.regions.cells import Cells

Places = NDArray[np.int64]
Shares = NDArray[np.float64]

SCALES = (0.8, 1.0, 1.25)
"""Sides of a window, of the region's."""

_LEAST = 1e-9
_SHRINK = 0.1
"""Of the mean variance, added to each direction's, so that no small one is blown up."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How cells of an archive lie: their mean (dim,), and what makes their spread even, (dim, dim).

    Both float32. Whitening: what all its pictures share does not count.
    """

    mean: FloatImage
    even: FloatImage

    @classmethod
    def of(cls, cells: Cells) -> "Spread":
        """Of some pictures, at least one."""
        flat = floats(cells).reshape(-1, cells.values.shape[-1]).astype(np.float64)
        mean = flat.mean(axis=0)
        centred = flat - mean
        values, turned = np.linalg.eigh(centred.T @ centred / max(1, len(flat) - 1))
        spread = np.maximum(values, 0)
        spread = spread + _SHRINK * max(float(spread.mean()), _LEAST)
        return cls(mean.astype(np.float32), np.asarray(turned / np.sqrt(spread), np.float32))

    def apply(self, numbers: FloatImage) -> FloatImage:
        """Numbers (..., dim) by this mean and spread."""
        return np.asarray((numbers - self.mean) @ self.even, np.float32)


@dataclass(frozen=True, slots=True)
class Windows:
    """Boxes in shares of a picture, float32 (n, 4): left, top, width, height; and the share of each
    cell in each, float32 (n, cells), rows that sum to 1.
    """

    boxes: FloatImage
    shares: FloatImage

    @classmethod
    def like(cls, box: tuple[float, float, float, float], grid: tuple[int, int]) -> "Windows":
        """Windows of about a box's size, half a cell or less apart. `grid`: rows and columns."""
        boxes = [
            (left, top, wide, high)
            for scale in SCALES
            for wide, high in [(min(1.0, box[2] * scale), min(1.0, box[3] * scale))]
            for top in _starts(1 - high, grid[0])
            for left in _starts(1 - wide, grid[1])
        ]
        found = np.array(sorted(set(boxes)), np.float64)
        down = _overlap(found[:, 1], found[:, 3], grid[0])
        across = _overlap(found[:, 0], found[:, 2], grid[1])
        inside = (down[:, :, None] * across[:, None, :]).reshape(len(found), -1)
        inside /= inside.sum(axis=1, keepdims=True)
        return cls(found.astype(np.float32), inside.astype(np.float32))


def _starts(room: float, cells: int) -> list[float]:
    count = int(np.ceil(room * cells - 1e-6)) + 1
    return [float(one) for one in np.linspace(0, max(room, 0.0), count)]


def _overlap(start: Shares, length: Shares, cells: int) -> Shares:
    """How much of each of `cells` equal parts of 0..1 lies in each stretch: (n, cells)."""
    edges = np.arange(cells + 1) / cells
    ends = np.minimum(edges[None, 1:], (start + length)[:, None])
    inside = np.clip(ends - np.maximum(edges[None, :-1], start[:, None]), 1e-9, None)
    return np.asarray(inside)


def floats(cells: Cells) -> FloatImage:
    """float32 (n, cells, dim)."""
    return cells.values.astype(np.float32) * cells.steps[:, None, None]


def alike(
    cells: Cells, spread: Spread, windows: Windows, queries: FloatImage
) -> tuple[FloatImage, Places]:
    """How alike each picture's best window is to each region, and which it is: (n, regions).

    `queries`: float32 (regions, dim), from `described`. The cosine of a window's mean cell.
    """
    numbers = spread.apply(floats(cells))
    count, places, dim = numbers.shape
    means = windows.shares @ numbers.transpose(1, 0, 2).reshape(places, -1)
    means = means.reshape(-1, dim)
    lengths = np.sqrt(np.einsum("md,md->m", means, means))
    cosines = (means @ queries.T) / np.maximum(lengths, _LEAST)[:, None]
    cosines = cosines.reshape(len(windows.boxes), count, -1)
    best = cosines.argmax(axis=0)
    return np.take_along_axis(cosines, best[None], axis=0)[0], best


def described(cells: Cells, spread: Spread, weights: FloatImage) -> FloatImage:
    """The region in each picture, float32 (n, dim), of unit length; of zeros where it is not.

    `weights`: float32 (n, cells), how much of each cell lies in it.
    """
    sums = weights.sum(axis=1, keepdims=True)
    shares = weights / np.maximum(sums, _LEAST)
    means = np.einsum("nc,ncd->nd", shares, spread.apply(floats(cells)))
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    means = means / np.maximum(lengths, _LEAST)
    return np.asarray(np.where(sums > 0, means, 0), np.float32)
