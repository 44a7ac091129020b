"""The colour histogram: grey levels on a grid beside the chroma of the whole picture.

One block for grey and for colour: its first part holds the grey levels (of a colour picture, its
luminance), the second the chroma in CIE Lab, where a grey picture has everything in the middle.
So a grey picture is compared with grey ones by its grey levels, and with colour ones it shares the
luminance and not the chroma.
"""

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.descriptors.working import cells, grey_of, squared, unit_root

_SIDE = 128
_GRID = 4
_LEVELS = 8
_CHROMA = 8
_FINE = 4
"""Values are counted in steps this much finer, then shared out between two neighbouring levels: a
picture that is a little brighter does not jump from one level to the next."""

_CHROMA_REACH = 62.5
"""Of a and b in Lab: tissue and skin reach 50; what goes beyond counts as the last level."""

_CHROMA_SHARE = 0.35
"""Of the square of the block's length."""


class ColourHistogram:
    """Grey levels in each of 16 cells (8 each), and 8 x 8 levels of a and b in CIE Lab."""

    name = "colour"
    dim = _GRID * _GRID * _LEVELS + _CHROMA * _CHROMA

    def describe(self, image: FloatImage, mask: Mask | None = None) -> FloatImage:
        """float32 (192,), not negative, of unit length; zeros for an empty mask.

        `image`: float32 (H, W) or (H, W, 3) RGB, range 0..1. `mask`: bool (H, W).
        """
        small, inside = squared(image, mask, _SIDE)
        levels = unit_root(_grey_levels(grey_of(small), inside))
        if not levels.any():
            return np.zeros(self.dim, np.float32)
        chroma = _neutral() if small.ndim == 2 else unit_root(_chroma(small, inside))
        shares = np.sqrt([1 - _CHROMA_SHARE, _CHROMA_SHARE]).astype(np.float32)
        return np.concatenate([levels * shares[0], chroma * shares[1]])


def _grey_levels(grey: FloatImage, inside: Mask | None) -> NDArray[np.float64]:
    """Weight of each level in each cell: float64 (16, 8)."""
    fine = _LEVELS * _FINE
    step = _steps(grey, fine) + cells(_SIDE, _GRID) * fine
    kept = step if inside is None else step[inside.ravel()]
    counted = np.bincount(kept, minlength=_GRID * _GRID * fine)
    return np.asarray(counted.reshape(-1, fine) @ _shared_out(_LEVELS))


def _chroma(rgb: FloatImage, inside: Mask | None) -> NDArray[np.float64]:
    """Weight of each pair of levels of a and b: float64 (8, 8)."""
    fine = _CHROMA * _FINE
    lab = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab), np.float32)
    scaled = lab[..., 1:] / (2 * _CHROMA_REACH) + 0.5
    step = np.add(_steps(scaled[..., 0], fine) * fine, _steps(scaled[..., 1], fine))
    kept = step if inside is None else step[inside.ravel()]
    counted = np.bincount(kept, minlength=fine * fine).reshape(fine, fine)
    shared = _shared_out(_CHROMA)
    return np.asarray(shared.T @ counted @ shared)


def _steps(values: FloatImage, count: int) -> NDArray[np.int32]:
    """Which of `count` equal steps of 0..1 each value is in: int32, flat."""
    return np.clip((values.ravel() * count).astype(np.int32), 0, count - 1)


@cache
def _neutral() -> FloatImage:
    """The chroma of a grey picture: everything where a and b are 0.

    Written down, since the first conversion to Lab in a process costs a tenth of a second.
    """
    fine = _CHROMA * _FINE
    counted = np.zeros((fine, fine))
    counted[fine // 2, fine // 2] = 1.0
    shared = _shared_out(_CHROMA)
    return unit_root(np.asarray(shared.T @ counted @ shared))


@cache
def _shared_out(levels: int) -> NDArray[np.float64]:
    """How much of each fine step goes to each level: float64 (4 levels, levels); rows sum to 1."""
    place = np.clip((np.arange(levels * _FINE) + 0.5) / _FINE - 0.5, 0, levels - 1)
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(levels)[None, :])))
