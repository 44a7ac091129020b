"""Moving a film and its masks alike."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.augmenting import Film

Matrix = NDArray[np.float64]
"""(2, 3): from x, y of the film that is given to x, y of the film that is made, in pixels."""


def moved(film: Film, matrix: Matrix, shape: tuple[int, int]) -> Film:
    """The film under an affine map, in a frame of `shape` (rows, columns); black beyond its edges.

    Black is what a film shows beyond the collimator's blades; a mirrored edge would show anatomy
    that is not there.
    """
    size = (shape[1], shape[0])
    pixels = cv2.warpAffine(film.pixels, matrix, size, flags=cv2.INTER_CUBIC)

    def mask(given: Mask) -> Mask:
        levels = given.astype(np.uint8) * np.uint8(255)
        return np.asarray(cv2.warpAffine(levels, matrix, size) > 127)

    return _with_masks(film, np.asarray(pixels, np.float32), mask)


def displaced(film: Film, across: FloatImage, down: FloatImage) -> Film:
    """The film with each pixel taken from `across`, `down` pixels beside it (both float32 (H, W)).

    Beyond the edges the film's own edge goes on.
    """
    rows, columns = film.shape
    x = across + np.arange(columns, dtype=np.float32)[None, :]
    y = down + np.arange(rows, dtype=np.float32)[:, None]
    pixels = cv2.remap(film.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)

    def mask(given: Mask) -> Mask:
        levels = given.astype(np.uint8) * np.uint8(255)
        return np.asarray(cv2.remap(levels, x, y, cv2.INTER_LINEAR) > 127)

    return _with_masks(film, np.asarray(pixels, np.float32), mask)


def _with_masks(film: Film, pixels: FloatImage, move: Callable[[Mask], Mask]) -> Film:
    """The moved pixels with the moved masks; cubic interpolation may overshoot and is clipped."""
    return replace(
        film,
        pixels=pixels.clip(0.0, 1.0),
        region=None if film.region is None else move(film.region),
        lesion=None if film.lesion is None else move(film.lesion),
    )
