"""Burned-in text: words that are part of the picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.quality.finding import Finding
from indexer.quality.view import View
from models.arrays import ByteImage

LEAST = 4
"""Letters in a row that make a word on a film: side marks ("L", "AP") are usual there."""

LEAST_ELSEWHERE = 6
"""In colour and in slices: nuclei, ribs and the arcs of a skull stand in rows as well."""

_STROKE_PX = 13  # wider strokes are no letter's
_CONTRAST = 60  # of 255 levels, against what lies around
_HEIGHTS_PX = (6, 48)
_WIDEST = 1.6  # times the height
_FILLED = (0.15, 0.95)  # of its box
_SMALLEST_PX = 8  # area
_THIN_PX = 3
_APART = 1.2  # heights between two letters of a line
_OVERLAP = 0.7  # of the taller one
_ALIKE = 40  # levels between two letters of a word
_MANY = 1500

_Boxes = NDArray[np.int32]  # (n, 4): x, y, width, height


def burned_in_text(view: View) -> Finding | None:
    """At least 4 letters in a line, 6 on others than films. They count as picture, and may name.

    Letters are thin strokes that stand out (white or black top-hat, Soille 2003, "Morphological
    Image Analysis", chapter 4), in pieces of a letter's size; a word is a chain of them
    of one height and grey level side by side. Looked for at 512 px, where letters below about 6 px
    run together; words that cross bright bone are missed. The words are not read.

    Value: the letters of the longest word.
    """
    levels = np.asarray(cv2.convertScaleAbs(view.grey, alpha=255.0), np.uint8)
    longest = max(_longest(levels, way) for way in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    if longest < (LEAST if view.film else LEAST_ELSEWHERE):
        return None
    return Finding("burned_in_text", f"a line of about {longest} letters in the picture", longest)


def _longest(levels: ByteImage, way: int) -> int:
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (_STROKE_PX, _STROKE_PX))
    standing_out = cv2.morphologyEx(levels, way, kernel)
    _, found = cv2.threshold(standing_out, _CONTRAST - 1, 255, cv2.THRESH_BINARY)
    strokes = np.asarray(found, np.uint8)
    # Outlines are found several times as fast as labelled components, where there are few.
    outlines, _ = cv2.findContours(strokes, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    if not LEAST <= len(outlines) <= _MANY:
        return 0
    boxes = np.array([cv2.boundingRect(outline) for outline in outlines], np.int32)
    boxes = boxes[_of_letters(boxes)]
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")]
    marks = [_mark(levels, strokes, box) for box in boxes]
    kept = [place for place, shade in enumerate(marks) if shade >= 0]
    if len(kept) < LEAST:
        return 0
    return _chain(boxes[kept], np.array(marks)[kept])


def _of_letters(boxes: _Boxes) -> NDArray[np.bool_]:
    width, height = boxes[:, 2], boxes[:, 3]
    low, high = _HEIGHTS_PX
    return np.asarray((height >= low) & (height <= high) & (width <= _WIDEST * height))


def _mark(levels: ByteImage, strokes: ByteImage, box: NDArray[np.int32]) -> float:
    """The grey level of the strokes in a box, 0 to 255; -1 if they fill it as no letter does."""
    x, y, width, height = (int(number) for number in box)
    place = (slice(y, y + height), slice(x, x + width))
    inside = levels[place][strokes[place] > 0]
    filled = inside.size / (width * height)
    least, most = _FILLED
    # An I or a 1 fills its box.
    if inside.size < _SMALLEST_PX or filled < least or (filled > most and width > _THIN_PX):
        return -1.0
    middle = inside.size // 2
    return float(np.partition(inside, middle)[middle])  # a tenth of the cost of np.median


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
