"""Work on how light a picture is, with its colours left alone."""

from collections.abc import Callable

import cv2
import numpy as np

from models.arrays import FloatImage


def on_lightness(
    pixels: FloatImage, colour: bool, change: Callable[[FloatImage], FloatImage]
) -> FloatImage:
    """`change` (range 0..1 to 0..1) applied to grey levels, or to the L of CIELAB for colour.

    `pixels`: float32, range 0..1, (H, W) or (D, H, W), with a last axis of 3 for colour.
    """
    if not colour:
        return change(pixels)
    lab = _converted(pixels, cv2.COLOR_RGB2Lab)
    lab[..., 0] = 100 * change(np.ascontiguousarray(lab[..., 0]) / np.float32(100))
    return np.clip(_converted(lab, cv2.COLOR_Lab2RGB), 0.0, 1.0)


def lightness(pixels: FloatImage, colour: bool) -> FloatImage:
    """Grey levels as they are, or the L of CIELAB for colour: float32, range 0..1."""
    if not colour:
        return pixels
    return np.ascontiguousarray(_converted(pixels, cv2.COLOR_RGB2Lab)[..., 0] / 100)


def _converted(pixels: FloatImage, code: int) -> FloatImage:
    # cv2 knows pictures, not frames: they are laid under each other.
    flat = np.ascontiguousarray(pixels).reshape(-1, *pixels.shape[-2:])
    converted = cv2.cvtColor(flat, code)
    return np.asarray(converted, dtype=np.float32).reshape(pixels.shape)
