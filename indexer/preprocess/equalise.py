"""Histogram equalisation: of the whole scan, and by tiles with a limit (CLAHE).

Colour is equalised in its lightness (CIELAB), so that hues stay.
"""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.preprocess.grammar import Quantity
from indexer.preprocess.lightness import on_lightness
from indexer.scan import Scan
from models.arrays import FloatImage

_LEVELS = 256  # of a tile's histogram


def equalise(scan: Scan, bins: Quantity) -> Scan:
    """Grey levels by their rank, as `skimage.exposure.equalize_hist(nbins=bins)`.

    One histogram for a whole volume. Padding is not counted. Levels between two bins are
    interpolated, so 16 bits stay 16 bits. A scan of one value stays as it is.
    """
    count = round(bins.value)

    def change(levels: FloatImage) -> FloatImage:
        measured = levels if scan.valid is None else levels[scan.valid]
        if measured.size == 0 or measured.min() == measured.max():
            return levels
        histogram, edges = np.histogram(measured, bins=count)
        ranks = np.cumsum(histogram) / measured.size
        centres = (edges[:-1] + edges[1:]) / 2
        return np.interp(levels, centres, ranks).astype(np.float32)

    return replace(scan, pixels=on_lightness(scan.pixels, scan.colour, change))


def clahe(scan: Scan, limit: Quantity, tiles: Quantity) -> Scan:
    """Contrast limited adaptive histogram equalisation, slice by slice.

    `limit` bounds a tile's histogram at so many times its mean; `tiles` along each side. Zuiderveld
    1994, "Contrast Limited Adaptive Histogram Equalization"; the same result as cv2's for 8 bits.
    Sources of more bits keep them: cv2 spreads 16 bits over 65,536 bins, more than a tile has
    pixels, so its limit has no effect there; here a tile has 256 bins and levels between two of
    them are interpolated.
    """
    side = round(tiles.value)
    slicewise: Callable[[FloatImage], FloatImage]
    if scan.bits <= 8:
        engine = cv2.createCLAHE(limit.value, (side, side))

        def slicewise(levels: FloatImage) -> FloatImage:
            byte = np.rint(levels.clip(0, 1) * 255).astype(np.uint8)
            return np.asarray(engine.apply(byte), dtype=np.float32) / np.float32(255)
    else:

        def slicewise(levels: FloatImage) -> FloatImage:
            return _clahe(levels.clip(0, 1), limit.value, side)

    def change(levels: FloatImage) -> FloatImage:
        if scan.volume:
            return np.stack([slicewise(one) for one in levels])
        return slicewise(levels)

    return replace(scan, pixels=on_lightness(scan.pixels, scan.colour, change))


def _clahe(levels: FloatImage, limit: float, side: int) -> FloatImage:
    height, width = levels.shape
    bottom, right = -height % side, -width % side
    padded = cv2.copyMakeBorder(levels, 0, bottom, 0, right, cv2.BORDER_REFLECT_101)
    tile_height, tile_width = padded.shape[0] // side, padded.shape[1] // side
    bins = np.rint(padded * (_LEVELS - 1)).astype(np.int64)
    tile = np.arange(padded.shape[0])[:, None] // tile_height * side
    tile = tile + np.arange(padded.shape[1])[None] // tile_width
    counts = np.bincount((tile * _LEVELS + bins).ravel(), minlength=side * side * _LEVELS)
    tables = _tables(counts.reshape(side, side, _LEVELS), limit, tile_height * tile_width)
    rows, row_weight = _between(height, tile_height, side)
    columns, column_weight = _between(width, tile_width, side)
    position = levels * np.float32(_LEVELS - 1)
    below = np.minimum(position.astype(np.int64), _LEVELS - 2)
    part = position - below.astype(np.float32)
    result = np.zeros_like(levels)
    for i in (0, 1):
        for j in (0, 1):
            start = (rows[i][:, None] * side + columns[j][None]) * _LEVELS + below
            low, high = tables.take(start), tables.take(start + 1)
            result += row_weight[i][:, None] * column_weight[j] * (low + part * (high - low))
    return result


def _tables(counts: NDArray[np.int64], limit: float, area: int) -> FloatImage:
    # Per tile: what stands above the limit is spread over all bins, then the running sum is the
    # table. In whole counts, and the remainder from the dark end on, as cv2 does: the same film in
    # 8 and in 16 bits has to come out alike.
    top = max(int(limit * area / _LEVELS), 1)
    excess = np.maximum(counts - top, 0).sum(axis=-1, keepdims=True)
    each, rest = np.divmod(excess, _LEVELS)
    step = np.maximum(_LEVELS // np.maximum(rest, 1), 1)
    place, between = np.divmod(np.arange(_LEVELS), step)
    levelled = np.minimum(counts, top) + each + ((between == 0) & (place < rest))
    return np.asarray(levelled.cumsum(axis=-1) / area, dtype=np.float32)


def _between(
    length: int, tile: int, side: int
) -> tuple[tuple[NDArray[np.int64], NDArray[np.int64]], tuple[FloatImage, FloatImage]]:
    # For each pixel: the tiles whose centres it lies between, and the weight of each.
    position = np.arange(length) / tile - 0.5
    before = np.floor(position).astype(np.int64)
    weight = (position - before).astype(np.float32)
    tiles = (before.clip(0, side - 1), (before + 1).clip(0, side - 1))
    return tiles, (np.float32(1) - weight, weight)
