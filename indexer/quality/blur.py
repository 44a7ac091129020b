"""Blur: a picture without the fine detail that its coarser detail lets expect."""

import cv2
import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View, middle
from models.arrays import FloatImage

LEAST = 0.56
"""Least ratio of the finest to the next octave."""

_SMALLEST_PX = 96
_MIDDLE_PX = 256
_FLAT = 0.002  # of the range: an octave weaker than this is the rounding to 8 bits


def blur(view: View) -> Finding | None:
    """The finest octave of detail is weaker than 0.56 of the next one.

    The octaves are the first two levels of a Laplacian pyramid (Burt and Adelson 1983, "The
    Laplacian Pyramid as a Compact Image Code") of the picture at 512 px; their strength is the
    root of the mean square, in the middle 256 x 256 pixels. Natural pictures have about as much in
    each octave (Field 1987, "Relations between the statistics of natural images and the response
    properties of cortical cells"), and blur takes most from the finest. Whether it was out of
    focus, moved, or enlarged from a smaller picture cannot be told.

    Value: the ratio.
    """
    if min(view.grey.shape) < _SMALLEST_PX or not view.brightness:
        return None
    finest, next_one = _octaves(middle(view.grey, _MIDDLE_PX))
    ratio = finest / max(next_one, 1e-9)
    if ratio >= LEAST or next_one < _FLAT:
        return None
    sentence = (
        f"hardly any fine detail ({ratio:.2f} of the next coarser): "
        "out of focus, moved, or enlarged from fewer pixels"
    )
    return Finding("blur", sentence, ratio)


def _octaves(grey: FloatImage) -> tuple[float, float]:
    strengths = []
    current: FloatImage = np.ascontiguousarray(grey)
    for _ in range(2):
        smaller = np.asarray(cv2.pyrDown(current), np.float32)
        size = (current.shape[1], current.shape[0])
        detail = cv2.subtract(current, cv2.pyrUp(smaller, dstsize=size))
        strengths.append(float(cv2.norm(detail, cv2.NORM_L2)) / detail.size**0.5)
        current = smaller
    return strengths[0], strengths[1]
