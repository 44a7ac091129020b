"""Black or white borders: straight bands along the edges with nothing in them."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View
from models.arrays import FloatImage

SMALLEST = 0.02
"""Of the side: narrower bands are not worth a word."""

LARGEST = 0.5  # of a side, both ends together: beyond it is rather the picture that is odd
_TOLERANCE = 0.035  # 9 of 255 levels: what JPEG leaves around an edge
_STRAY = 0.005  # of a row: pixels that a band may hold beside its own grey level
_STEP = 0.5  # of the row behind a band: so much of it must have another grey level
_BEHIND = 4  # rows behind a band in which that step must be: JPEG and interpolation soften it
_DARKEST, _BRIGHTEST = 0.08, 0.92  # a band is darker than the one or brighter than the other
_FRAMES = 4
_SMALLEST_PX = 32
_AT_ONCE = 32  # rows: most bands are narrow
_CORNERS = 0.02  # of a row: what may be left of the bands beside it

Edges = tuple[int, int, int, int]
"""Rows or columns to cut off at the top, bottom, left and right."""


def border(view: View) -> tuple[Finding, View] | None:
    """A band of at least 2 % of the side, black or white, that ends in a straight line.

    Only on pictures: round a head or a body in CT, MR or PET, black is air. A fundus or a head on a
    black ground has no border either, since the ground does not end in a straight line: behind the
    band at least half of the row must be of another grey level.

    Value: the share of the picture that the bands take. Beside the finding: the view inside them.
    """
    if not view.picture or min(view.grey.shape) < _SMALLEST_PX:
        return None
    edges = edges_of(view.grey)
    if not any(edges):
        return None
    height, width = view.grey.shape
    kept = (height - edges[0] - edges[1]) * (width - edges[2] - edges[3])
    share = 1 - kept / (height * width)
    lengths = (height, height, width, width)
    told = ", ".join(
        f"{name} {size / length:.0%}"
        for name, size, length in zip(
            ("top", "bottom", "left", "right"), edges, lengths, strict=True
        )
        if size
    )
    mend = f"crop:{','.join(map(str, _in_pixels(edges, view)))}"
    finding = Finding("border", f"nothing in it at the {told}", share, mend)
    top, bottom, left, right = edges
    return finding, view.inside((slice(top, height - bottom), slice(left, width - right)))


def edges_of(grey: FloatImage) -> Edges:
    """How wide the bands are: float32 (h, w), range 0..1, in; pixels out. Zero where there is none.

    Bands are looked for until there is no further one: white ones may stand in a black frame.
    """
    height, width = grey.shape
    top, bottom, left, right = 0, 0, 0, 0
    for _ in range(_FRAMES):
        inner = grey[top : height - bottom, left : width - right]
        more = (_band(inner), _band(inner[::-1]), _band(inner.T), _band(inner.T[::-1]))
        wider = (top + more[0], bottom + more[1], left + more[2], right + more[3])
        too_much = wider[0] + wider[1] > LARGEST * height or wider[2] + wider[3] > LARGEST * width
        if not any(more) or too_much:
            break
        top, bottom, left, right = wider
    tall, broad = SMALLEST * height, SMALLEST * width
    return (
        top if top >= tall else 0,
        bottom if bottom >= tall else 0,
        left if left >= broad else 0,
        right if right >= broad else 0,
    )


def _band(grey: FloatImage) -> int:
    """How many of the first rows are a band; 0 if they do not end in a straight line."""
    level = float(np.sort(grey[0])[grey.shape[1] // 2])
    if _DARKEST < level < _BRIGHTEST or _other(grey[:1], level)[0] > _STRAY:
        return 0
    half = grey[: len(grey) // 2 + 1]
    end = _first_other(half, level)
    if end is None:
        return 0
    return end if _other(half[end : end + _BEHIND], level).max() >= _STEP else 0


def _first_other(rows: FloatImage, level: float) -> int | None:
    """The first row that holds more than stray pixels of other grey levels."""
    for start in range(0, len(rows), _AT_ONCE):
        found = np.flatnonzero(_other(rows[start : start + _AT_ONCE], level) > _STRAY)
        if found.size:
            return start + int(found[0])
    return None


def _other(rows: FloatImage, level: float) -> FloatImage:
    """The share of each row that has another grey level."""
    other = np.abs(rows - np.float32(level)) > _TOLERANCE
    return np.asarray(other.mean(axis=1), np.float32)


def _in_pixels(edges: Edges, view: View) -> Edges:
    """The same edges at the picture's own size; what is not clear is left with the picture."""
    whole = view.whole if view.whole.ndim == 2 else view.whole.mean(axis=-1)
    down, across = whole.shape[0] / view.grey.shape[0], whole.shape[1] / view.grey.shape[1]
    if (down, across) == (1.0, 1.0):
        return edges
    # The reduced picture was cut off and interpolated at its ends, so two pixels of it are unsure.
    top, bottom = (int(max(0, size - 2) * down) for size in edges[:2])
    left, right = (int(max(0, size - 2) * across) for size in edges[2:])
    inner = whole[top : whole.shape[0] - bottom, left : whole.shape[1] - right]
    tolerance = _TOLERANCE * float(np.nan_to_num(np.ptp(view.values)))
    rows, columns = int(4 * down) + 1, int(4 * across) + 1
    return (
        top + (_alike(inner[:rows], tolerance) if edges[0] else 0),
        bottom + (_alike(inner[: -rows - 1 : -1], tolerance) if edges[1] else 0),
        left + (_alike(inner.T[:columns], tolerance) if edges[2] else 0),
        right + (_alike(inner.T[: -columns - 1 : -1], tolerance) if edges[3] else 0),
    )


def _alike(rows: FloatImage, tolerance: float) -> int:
    """How many of the first rows hold nothing but the value of the first."""
    other = (np.abs(rows - np.median(rows[0])) > tolerance).mean(axis=1)
    # The corners belong to the bands of the other two sides.
    picture = np.flatnonzero(other > _STRAY + _CORNERS)
    return int(picture[0]) if picture.size else 0
