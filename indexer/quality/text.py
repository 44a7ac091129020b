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
    boxes = boxes[_in_company(boxes)]
    if len(boxes) < LEAST:
        return 0
    marks = [_mark(levels, strokes, box) for box in boxes]
    kept = [place for place, shade in enumerate(marks) if shade >= 0]
    if len(kept) < LEAST:
        return 0
    return _chain(boxes[kept], np.array(marks)[kept])


def _of_letters(boxes: _Boxes) -> NDArray[np.bool_]:
    width, height = boxes[:, 2], boxes[:, 3]
    low, high = _HEIGHTS_PX
    return np.asarray((height >= low) & (height <= high) & (width <= _WIDEST * height))


def _in_company(boxes: _Boxes) -> NDArray[np.bool_]:
    """Those that follow another one, or that another one follows, whatever their grey."""
    before, after = np.nonzero(_follow(boxes, boxes))
    some = np.zeros(len(boxes), bool)
    some[before] = some[after] = True
    return some


def _follow(left: _Boxes, right: _Boxes) -> NDArray[np.bool_]:
    """(n, m): whether each of `right` stands behind each of `left` as the next letter of a line."""
    x, y, width, height = left.T[:, :, None].astype(np.float32)
    to_x, to_y, _, to_height = right.T[:, None, :].astype(np.float32)
    gap = to_x - (x + width)
    overlap = np.minimum(to_y + to_height, y + height) - np.maximum(to_y, y)
    beside = (x <= to_x) & (gap >= -1) & (gap <= _APART * to_height)
    return np.asarray(beside & (overlap >= _OVERLAP * np.maximum(to_height, height)))


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
    follows = _follow(boxes, boxes) & (np.abs(shades[:, None] - shades[None]) <= _ALIKE)
    length = np.ones(len(boxes), int)
    for i in range(1, len(boxes)):
        length[i] += length[:i][follows[:i, i]].max(initial=0)
    return int(length.max())
