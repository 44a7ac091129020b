"""Burned-in text: words that are part of the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.quality.finding import Finding
from indexer.quality.view import View
from models.arrays import ByteImage

LEAST = 4
"""Letters in a row that make a word: side marks ("L", "AP") are usual on films."""

_STROKE_PX = 13  # wider strokes are no letter's
_CONTRAST = 60  # of 255 levels, against what lies around
_HEIGHTS_PX = (6, 48)
_WIDEST = 1.6  # times the height
_FILLED = (0.15, 0.95)  # of its box
_SMALLEST_PX = 8  # area
_APART = 1.2  # heights between two letters of a line
_OVERLAP = 0.7  # of the taller one
_ALIKE = 40  # levels between two letters of a word
_MANY = 1500

_Boxes = NDArray[np.int32]  # (n, 4): x, y, width, height


def burned_in_text(view: View) -> Finding | None:
    """At least 4 letters in a line: it may name the patient, and it counts as picture.

    Letters are thin strokes that stand out (white or black top-hat, Soille 2003, "Morphological
    Image Analysis", chapter 4), in connected pieces of a letter's size; a word is a chain of them
    of one height and grey level side by side. Looked for at 512 px, where letters below about 6 px
    run together; words that cross bright bone are missed. The words are not read.

    Value: the letters of the longest word.
    """
    levels = np.asarray(cv2.convertScaleAbs(view.grey, alpha=255.0), np.uint8)
    longest = max(_longest(levels, way) for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    if longest < LEAST:
        return None
    return Finding("burned_in_text", f"a line of about {longest} letters in the picture", longest)


def _longest(levels: ByteImage, way: int) -> int:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_STROKE_PX, _STROKE_PX))
    _, strokes = cv2.threshold(
        cv2.morphologyEx(levels, way, kernel), _CONTRAST - 1, 255, cv2.THRESH_BINARY
    )
    count, labels, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    if not LEAST < count <= _MANY:
        return 0
    chosen = 1 + np.flatnonzero(_like_letters(stats[1:]))
    if len(chosen) < LEAST:
        return 0
    chosen = chosen[np.argsort(stats[chosen, 0], kind="stable")]
    boxes = stats[chosen, :4]
    shades = np.array([_shade(levels, labels, stats[i], i) for i in chosen])
    return _chain(boxes, shades)


def _like_letters(stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    width, height, area = stats[:, 2], stats[:, 3], stats[:, 4]
    filled = area / (width * height)
    thin = width <= 3  # an I or a 1 fills its box
    fits = (height >= _HEIGHTS_PX[0]) & (height <= _HEIGHTS_PX[1]) & (width <= _WIDEST * height)
    dense = (filled >= _FILLED[0]) & ((filled <= _FILLED[1]) | thin)
    return np.asarray(fits & dense & (area >= _SMALLEST_PX))


def _shade(
    levels: ByteImage, labels: NDArray[np.int32], box: NDArray[np.int32], label: int
) -> float:
    x, y, width, height = box[:4]
    place = (slice(y, y + height), slice(x, x + width))
    return float(np.median(levels[place][labels[place] == label]))


def _chain(boxes: _Boxes, shades: NDArray[np.float64]) -> int:
    """The most letters that follow each other in one line; `boxes` sorted from left to right."""
    x, y, width, height = boxes.T.astype(np.float64)
    length = np.ones(len(boxes), int)
    for i in range(1, len(boxes)):
        gap = x[i] - (x[:i] + width[:i])
        overlap = np.minimum(y[i] + height[i], y[:i] + height[:i]) - np.maximum(y[i], y[:i])
        follows = (
            (gap >= -1)
            & (gap <= _APART * height[i])
            & (overlap >= _OVERLAP * np.maximum(height[i], height[:i]))
            & (np.abs(shades[i] - shades[:i]) <= _ALIKE)
        )
        if follows.any():
            length[i] = 1 + length[:i][follows].max()
    return int(length.max())
