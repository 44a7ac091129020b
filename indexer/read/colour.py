"""Red, green and blue as the rest of the product takes them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage


def neutral(rgb: NDArray[Any]) -> bool:
    """Whether the three channels (..., 3) are the same everywhere: a grey image saved as colour."""
    few = rgb[..., ::17, ::13, :]  # most colour images are told by a few pixels
    for some in (few, rgb):
        red, green, blue = some[..., 0], some[..., 1], some[..., 2]
        if not (np.array_equal(red, green) and np.array_equal(red, blue)):
            return False
    return True


def unit_range(rgb: NDArray[Any], full: float) -> FloatImage:
    """Stored values 0..full as float32, 0..1."""
    values = rgb.astype(np.float32)
    values *= np.float32(1.0 / full)
    return np.clip(values, 0.0, 1.0, out=values)
