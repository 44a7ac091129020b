"""MPEG-7's edge histogram, to compare `models.descriptors.edge` with. Not part of the product.

ISO/IEC 15938-3 and Won, Park and Park 2002 ("Efficient use of MPEG-7 edge histogram descriptor"):
80 local bins, 5 global and 65 semi-global ones. Unlike the standard, bins are not quantised, and
the comparison is of roots under an inner product, which did better here than the standard's L1.
"""

import cv2
import numpy as np

from models.arrays import FloatImage, Mask
from models.descriptors.working import cells, grey_of, squared, unit_root

_SIDE = 64
_BLOCKS = _SIDE // 2
_THRESHOLD = 11 / 255
_KINDS = 5  # vertical, horizontal, 45 degrees, 135 degrees, without direction


class EdgeHistogramMpeg7:
    """Kinds of edges in 1,024 blocks of 2 x 2, counted in 16 parts, 13 groups of parts, and all."""

    name = "edge, MPEG-7"
    dim = 150

    def describe(self, image: FloatImage, mask: Mask | None = None) -> FloatImage:
        """float32 (150,) of unit length, or zeros. `image`: float32 (H, W[, 3]), range 0..1."""
        small, inside = squared(image, mask, _SIDE)
        strength = _strengths(grey_of(small))
        found = strength.max(axis=0) >= _THRESHOLD
        if inside is not None:
            found &= cv2.erode(inside.astype(np.uint8), np.ones((2, 2)))[1::2, 1::2] > 0
        kind = cells(_BLOCKS, 4) * _KINDS + strength.argmax(axis=0).ravel()
        local = np.bincount(kind[found.ravel()], minlength=16 * _KINDS).reshape(4, 4, _KINDS)
        return unit_root(_with_groups(local.astype(np.float64)))


def _strengths(grey: FloatImage) -> FloatImage:
    """How strongly each block shows each kind of edge: float32 (5, 32, 32)."""
    a, b, c, d = grey[::2, ::2], grey[::2, 1::2], grey[1::2, ::2], grey[1::2, 1::2]
    root = np.float32(np.sqrt(2))
    kinds = [a - b + c - d, a + b - c - d, root * (a - d), root * (b - c), 2 * (a - b - c + d)]
    return np.abs(np.stack(kinds))


def _with_groups(local: np.ndarray) -> np.ndarray:
    """Local bins, all together (times five), rows, columns, 2 x 2 groups: float64 (150,)."""
    corners = [local[y : y + 2, x : x + 2].mean((0, 1)) for y, x in _GROUPS]
    everything = 5 * local.mean((0, 1))
    parts = [local, everything, local.mean(1), local.mean(0), np.stack(corners)]
    return np.concatenate([part.ravel() for part in parts])


_GROUPS = ((0, 0), (0, 2), (2, 0), (2, 2), (1, 1))
