"""Contrast: from measured values to grey levels, and from grey levels to others.

`voi`, `window` and `stretch` make grey levels (range 0..1) of values in the scan's unit, and undo
the inversion of MONOCHROME1. Colour: the same limits for every channel, so no hue is shifted.
"""

from dataclasses import replace
from math import gcd

import numpy as np

from indexer.preprocess.grammar import Quantity
from indexer.scan import Scan, Voi
from indexer.voi import apply_voi, shown
from models.arrays import FloatImage

_SAMPLES = 32768


def voi(scan: Scan) -> Scan:
    """The scan as its file wants it shown (DICOM PS3.3 C.11.2); see `indexer.voi.shown`."""
    # Padding has been filled by its neighbours and must not turn black before the last step.
    return _display(scan, shown(replace(scan, valid=None)))


def window(scan: Scan, centre: Quantity, width: Quantity) -> Scan:
    """A fixed window: centre - width / 2 is black, centre + width / 2 is white.

    In HU (either number bears the unit) it is meant for CT values alone: a scan of another unit,
    such as a CT picture that somebody exported with his own window, is shown as its file asks.
    """
    if "HU" in (centre.unit, width.unit) and scan.unit != "HU":
        return voi(scan)
    return _windowed(scan, Voi(centre.value, width.value, "LINEAR_EXACT"))


def stretch(scan: Scan, low: Quantity, high: Quantity) -> Scan:
    """From the percentile `low` (black) to the percentile `high` (white) of the measured values.

    The percentiles are those of at most 32,768 pixels, evenly taken: their rank is right to about
    0.1 %, at a tenth of the time. A scan of one value becomes black.
    """
    bottom, top = percentiles(scan, low.value, high.value)
    return _windowed(scan, Voi((bottom + top) / 2, top - bottom, "LINEAR_EXACT"))


def percentiles(scan: Scan, low: float, high: float) -> tuple[float, float]:
    """Two percentiles (0 to 100) of the measured values, in the scan's unit; see `stretch`."""
    bottom, top = np.percentile(_sample(scan), [low, high])
    return float(bottom), float(top)


def gamma(scan: Scan, exponent: Quantity) -> Scan:
    """Grey levels to the power of `exponent`: below 1 brightens, above 1 darkens."""
    levels = np.power(scan.pixels.clip(0.0, 1.0), np.float32(exponent.value))
    return _display(scan, levels.astype(np.float32, copy=False))


def _windowed(scan: Scan, limits: Voi) -> Scan:
    levels = apply_voi(scan.pixels, limits)
    if scan.inverted:
        np.subtract(1.0, levels, out=levels)
    return _display(scan, levels)


def _display(scan: Scan, levels: FloatImage) -> Scan:
    return replace(scan, pixels=levels, unit="display", voi=None, inverted=False)


def _sample(scan: Scan) -> FloatImage:
    values = scan.pixels.ravel() if scan.valid is None else scan.pixels[scan.valid].ravel()
    if values.size == 0:
        return np.zeros(1, np.float32)
    step = -(-values.size // _SAMPLES)
    # A step that shares a factor with the row's length would see some columns only.
    row = int(np.prod(scan.pixels.shape[-2:] if scan.colour else scan.pixels.shape[-1:]))
    while gcd(step, row) > 1:
        step += 1
    return values[::step]
