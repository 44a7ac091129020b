"""Steps that undo a fault: cutting borders off, turning grey levels round, choosing a window anew.

They do what they are told; whether a scan has the fault is what `indexer.quality` finds.
"""

from dataclasses import replace

import numpy as np

from indexer.preprocess.contrast import percentiles, stretch
from indexer.preprocess.grammar import Quantity, Step
from indexer.scan import Scan, Voi
from models.arrays import Mask
from models.errors import UsageError


def crop(scan: Scan, top: Quantity, bottom: Quantity, left: Quantity, right: Quantity) -> Scan:
    """Cuts rows and columns off, the same in every slice.

    Raises `UsageError` if nothing would be left.
    """
    axis = 1 if scan.volume else 0
    rows, columns = scan.pixels.shape[axis : axis + 2]
    down = slice(round(top.value), rows - round(bottom.value))
    across = slice(round(left.value), columns - round(right.value))
    if down.start >= down.stop or across.start >= across.stop:
        raise UsageError(f"the step crop leaves nothing of {columns} x {rows} pixels; crop less")
    place = (*(slice(None),) * axis, down, across)
    valid = None if scan.valid is None else scan.valid[place]
    return replace(scan, pixels=scan.pixels[place].copy(), valid=valid)


def crop_mask(mask: Mask, step: Step) -> Mask:
    """A mask (bool, without a colour axis) after the step `crop`, as its scan is."""
    return crop(Scan(mask.astype(np.float32)), *_quantities(step)).pixels > 0


def cut_off(step: Step) -> tuple[int, int, int, int]:
    """The rows and columns that the step `crop` cuts off: top, bottom, left, right."""
    top, bottom, left, right = (round(one.value) for one in _quantities(step))
    return top, bottom, left, right


def invert(scan: Scan) -> Scan:
    """Dark for bright: of measured values the way they are shown, of grey levels themselves."""
    if scan.colour or scan.unit == "display":
        return replace(scan, pixels=np.subtract(1.0, scan.pixels, dtype=np.float32))
    return replace(scan, inverted=not scan.inverted)


def rewindow(scan: Scan, low: Quantity, high: Quantity) -> Scan:
    """The window that the step `voi` is to use: from one percentile of the values to another.

    Where grey levels are there already, they are stretched. Colour is left alone.
    """
    if scan.colour:
        return scan
    if scan.unit == "display":
        return stretch(scan, low, high)
    bottom, top = percentiles(scan, low.value, high.value)
    limits = Voi((bottom + top) / 2, top - bottom, "LINEAR_EXACT")
    return replace(scan, voi=limits)


def _quantities(step: Step) -> tuple[Quantity, ...]:
    return tuple(one for one in step.arguments if isinstance(one, Quantity))
