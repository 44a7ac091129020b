"""From values to grey levels: what a viewer would show (DICOM PS3.3 C.11.2 and C.7.6.3.1.2)."""

import numpy as np

from indexer.scan import Scan, Voi
from models.arrays import FloatImage


def shown(scan: Scan) -> FloatImage:
    """The scan as it looks on a screen: float32, the shape of `scan.pixels`, range 0..1.

    Window or VOI table first, then the inversion of MONOCHROME1 (PS3.3 C.7.6.3.1.2). Pixels without
    a measurement are black, whatever the inversion. Without a window the valid pixels' own minimum
    to maximum is shown. Colour, and values that are of the unit "display", are only clipped.
    """
    if scan.colour or scan.unit == "display":
        grey = np.clip(scan.pixels, 0.0, 1.0)
    else:
        grey = apply_voi(scan.pixels, scan.voi or full_range(scan))
        if scan.inverted:
            np.subtract(1.0, grey, out=grey)
    if scan.valid is not None:
        grey[~scan.valid] = 0.0
    return grey


def full_range(scan: Scan) -> Voi:
    """The window from the lowest to the highest valid finite value, in the scan's unit."""
    values = scan.pixels if scan.valid is None else scan.pixels[scan.valid]
    if values.size == 0:
        return Voi(centre=0.5, width=1.0, function="LINEAR_EXACT")
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        values = values[np.isfinite(values)]
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    return Voi(centre=(low + high) / 2, width=high - low, function="LINEAR_EXACT")


def apply_voi(values: FloatImage, voi: Voi) -> FloatImage:
    """Values (float32, any shape, the scan's unit) as grey levels: a new array, 0..1.

    PS3.3 C.11.2.1.2.1 (LINEAR), C.11.2.1.3.1 (SIGMOID), C.11.2.1.3.2 (LINEAR_EXACT), C.11.2.1.1
    (tables). A width that the standard forbids is read as a step at the centre. NaN becomes 0.
    """
    if voi.table is not None:
        return _looked_up(values, voi.table, voi.first)
    centre, width = voi.centre, voi.width
    if voi.function == "LINEAR":
        centre, width = centre - 0.5, width - 1.0
    if not width > 0.0:
        return (values > centre).astype(np.float32)
    if voi.function == "SIGMOID":
        return _sigmoid(values, centre, width)
    # x / width + offset: the result is exact at the ends because it is clipped there.
    grey = np.subtract(values, np.float32(centre - width / 2), dtype=np.float32)
    grey *= np.float32(1.0 / width)
    return _clipped(grey)


def _sigmoid(values: FloatImage, centre: float, width: float) -> FloatImage:
    grey = np.subtract(values, np.float32(centre), dtype=np.float32)
    grey *= np.float32(-4.0 / width)
    np.clip(grey, -80.0, 80.0, out=grey)  # exp() of more overflows float32
    np.exp(grey, out=grey)
    grey += 1.0
    np.reciprocal(grey, out=grey)
    return _clipped(grey)


def _looked_up(values: FloatImage, table: FloatImage, first: float) -> FloatImage:
    position = np.subtract(values, np.float32(first), dtype=np.float32)
    np.nan_to_num(position, copy=False, nan=0.0)
    np.rint(position, out=position)
    np.clip(position, 0, table.size - 1, out=position)
    return np.asarray(table, dtype=np.float32)[position.astype(np.int32)]


def _clipped(grey: FloatImage) -> FloatImage:
    np.clip(grey, 0.0, 1.0, out=grey)
    if np.isnan(grey.min(initial=0.0)):
        np.nan_to_num(grey, copy=False, nan=0.0)
    return grey
