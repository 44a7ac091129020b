"""A window that hides what was measured: too narrow, too wide, or beside it."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View
from indexer.voi import full_range
from models.arrays import FloatImage

_AIR_HU = -900.0
_SEEN = 0.30  # of what is not ground: so much lies inside the window at least
_SEEN_HU = 0.10  # a window for bone or lung leaves most of a CT out, and is meant to
_WIDTHS = 0.12  # of the window, that the measured values (1 % to 99 %) take up at least
_LEVELS = 16  # different values, so that there is something to be seen
_BOTH_ENDS, _BLACK_END, _WHITE_END = 0.50, 0.05, 0.10
_MEND = "rewindow:0.5,99.5"


def wrong_window(view: View) -> Finding | None:
    """Most of what was measured lies outside the window, or is squeezed into a small part of it.

    For values of more than 8 bits: less than 30 % of them (in CT 10 % of what is not air) are
    inside the window, or 98 % of them take up less than 12 % of it. The window can then be chosen
    anew. In a picture of 8 bits the same happened before it was written, and what is clipped is
    lost: half of it is black or white, and both ends have their share.

    Not for tables (VOI LUT), which were made for the one image.

    Value: the share of what was measured that is inside the window.
    """
    scan = view.scan
    if not view.brightness or (scan.voi is not None and scan.voi.table is not None):
        return None
    if scan.colour or scan.unit == "display" or scan.bits <= 8:
        return _clipped_before(view) if view.picture else None
    measured = _foreground(view)
    if (
        measured.size < _LEVELS
        or np.unique(measured[:: max(1, measured.size // 4096)]).size < _LEVELS
    ):
        return None
    return _against_window(view, measured)


def _against_window(view: View, measured: FloatImage) -> Finding | None:
    window = view.scan.voi or full_range(view.scan)
    low, high = window.centre - window.width / 2, window.centre + window.width / 2
    seen = float(((measured > low) & (measured < high)).mean())
    bottom, top = np.percentile(measured, [1, 99])
    taken = float(top - bottom) / max(window.width, 1e-9)
    if seen < (_SEEN_HU if view.scan.unit == "HU" else _SEEN):
        sentence = f"only {seen:.0%} of what was measured lies inside it"
        return Finding("wrong_window", sentence, seen, _MEND)
    if taken < _WIDTHS:
        sentence = f"what was measured takes up {taken:.1%} of it, so there is hardly any contrast"
        return Finding("wrong_window", sentence, seen, _MEND)
    return None


def _foreground(view: View) -> FloatImage:
    """What is neither air nor the lowest value, which is most often the ground."""
    values = view.values if view.valid is None else view.values[view.valid]
    values = values[np.isfinite(values)]
    if not values.size:
        return values
    return values[values > (_AIR_HU if view.scan.unit == "HU" else values.min())]


def _clipped_before(view: View) -> Finding | None:
    black, white = view.share(0, 1), view.share(254, 255)
    if black + white < _BOTH_ENDS or black < _BLACK_END or white < _WHITE_END:
        return None
    sentence = f"{black:.0%} of it is black and {white:.0%} white, clipped before it was stored"
    return Finding("wrong_window", sentence, 1 - black - white)
