"""Padding: pixels where nothing was measured, and how they are kept out of their neighbours."""

from dataclasses import replace

import cv2
import numpy as np

from indexer.scan import Scan
from models.arrays import FloatImage, Mask


def fill(scan: Scan) -> Scan:
    """The scan with every pixel without a measurement set to the nearest measured one.

    That is what every step does at the picture's own edge too (SciPy's mode "nearest"), so the
    edge of the padding is treated as the edge of the picture. `valid` stays, so that statistics
    (percentiles, histograms) leave these pixels out; NaN and infinite values join it.

    The nearest pixel is looked for within the slice. A slice without any takes the mean of the
    rest; a scan without any becomes zero.
    """
    valid = _measured(scan)
    if valid is None:
        return scan
    if valid.all():
        return replace(scan, valid=None)
    pixels = np.where(valid[..., None] if scan.colour else valid, scan.pixels, np.float32(0))
    slices = pixels if scan.volume else pixels[None]
    masks = valid if scan.volume else valid[None]
    rest = np.float32(pixels[valid].mean()) if valid.any() else np.float32(0)
    for values, mask in zip(slices, masks, strict=True):
        _fill_slice(values, mask, rest)
    return replace(scan, pixels=pixels, valid=valid)


def _measured(scan: Scan) -> Mask | None:
    # One sum tells whether all are finite, in a fraction of the time of looking at each.
    with np.errstate(all="ignore"):
        if np.isfinite(scan.pixels.sum()):
            return scan.valid
    finite: Mask = np.isfinite(scan.pixels)
    if scan.colour:
        finite = np.asarray(finite.all(axis=-1))
    return finite if scan.valid is None else finite & scan.valid


def _fill_slice(values: FloatImage, mask: Mask, rest: np.float32) -> None:
    if mask.all():
        return
    if not mask.any():
        values[...] = rest
        return
    _, labels = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Every measured pixel is a source with a label of its own; each other bears its source's.
    nearest = np.zeros((int(labels.max()) + 1, *values.shape[2:]), np.float32)
    nearest[labels[mask]] = values[mask]
    values[~mask] = nearest[labels[~mask]]
