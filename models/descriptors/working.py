"""The small square that a histogram is taken from, so that its cost does not grow with the scan."""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.shrink import shrink


def squared(image: FloatImage, mask: Mask | None, side: int) -> tuple[FloatImage, Mask | None]:
    """The picture and its mask in `side` x `side` pixels, each the mean of what it covers.

    `image`: float32 (H, W) or (H, W, 3), range 0..1. `mask`: bool (H, W). What is outside the mask
    has no part in a mean; a pixel is inside if at least half of what it covers is, and 0 outside.
    """
    if mask is None:
        return shrink(image, side, side), None
    kept = np.where(mask if image.ndim == 2 else mask[..., None], image, np.float32(0))
    share = shrink(mask.astype(np.float32), side, side)
    inside = share >= 0.5
    divisor = np.where(inside, share, np.float32(np.inf))
    small = shrink(kept, side, side) / (divisor if image.ndim == 2 else divisor[..., None])
    return np.asarray(small, np.float32), inside


def grey_of(picture: FloatImage) -> FloatImage:
    """The luminance of a picture (ITU-R BT.601); a grey picture as it is."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


@cache
def cells(side: int, grid: int) -> NDArray[np.int32]:
    """For each pixel of a `side` x `side` picture, which cell of a `grid` x `grid` one it is in.

    int32 (side * side,), 0 .. grid * grid - 1, row by row.
    """
    along = np.arange(side, dtype=np.int32) * grid // side
    return (along[:, None] * grid + along[None, :]).ravel()


def unit_root(histogram: NDArray[np.floating]) -> FloatImage:
    """The root of a histogram, of unit length, so that an inner product is Bhattacharyya's.

    One bin that holds nearly everything does not hide the rest. float32, as long; zeros for zeros.
    """
    total = float(histogram.sum())
    if total <= 0:
        return np.zeros(histogram.size, np.float32)
    root: FloatImage = np.sqrt(histogram.ravel() / total).astype(np.float32)
    return root
