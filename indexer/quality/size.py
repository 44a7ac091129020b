"""Few pixels: as they are, or behind a larger picture."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View, middle
from models.arrays import FloatImage

SMALL_PX = 64
LOW_PX = 128
_REPEATED = 0.45  # of all neighbouring rows, and of all columns: an enlargement by 2 gives half
_ALIKE = 0.1  # of the usual difference between two neighbours that differ at all
_MIDDLE_PX = 256


def very_small(view: View) -> Finding | None:
    """Shorter side below 64 pixels. Value: that side, in pixels."""
    height, width = view.whole.shape[:2]
    shorter = min(height, width)
    if shorter >= SMALL_PX:
        return None
    return Finding("very_small", f"{width} x {height} pixels", shorter)


def low_resolution(view: View) -> Finding | None:
    """Shorter side below 128 pixels (value: that side), or repeated pixels (value: their share).

    Pixels are repeated where a picture was enlarged without interpolation: neighbouring rows, and
    columns, are then alike in steps. An enlargement with interpolation has no fine detail; that is
    what `indexer.quality.blur` finds.
    """
    height, width = view.whole.shape[:2]
    if min(height, width) < LOW_PX:
        return Finding("low_resolution", f"{width} x {height} pixels", min(height, width))
    share = _repeated(view.whole)
    if share < _REPEATED:
        return None
    return Finding(
        "low_resolution", f"{share:.0%} of the rows and columns repeat the one before", share
    )


def no_spacing(view: View) -> Finding | None:
    """A grey volume whose file gives no distance between slices. No value."""
    scan = view.scan
    if not scan.volume or scan.colour or scan.spacing_mm is not None:
        return None
    return Finding("no_spacing", "a volume without known distances between slices")


def _repeated(picture: FloatImage) -> float:
    """The share of rows, or of columns if that is less, which are as the one before.

    Where few rows are, their share alone.
    """
    part = middle(picture, _MIDDLE_PX)
    part = part[..., 1] if part.ndim == 3 else part
    rows = _quiet(np.abs(part[1:, ::2] - part[:-1, ::2]).mean(axis=1))
    if rows < _REPEATED:  # as nearly every picture: the columns need not be looked at
        return rows
    return min(rows, _quiet(np.abs(part[::2, 1:] - part[::2, :-1]).mean(axis=0)))


def _quiet(differences: FloatImage) -> float:
    inside = np.flatnonzero(differences > 0)  # black ground before and behind says nothing
    if len(inside) < 2:
        return 0.0
    inner = differences[inside[0] : inside[-1] + 1]
    place = inner.size * 3 // 4
    usual = float(np.partition(inner, place)[place])
    return float((inner < _ALIKE * usual).mean()) if usual > 0 else 0.0
