"""How well a mask fits: Dice's overlap and the 95th percentile of the Hausdorff distance."""

import math

import numpy as np

from models.arrays import Mask


def dice(found: Mask, truth: Mask) -> float:
    """Twice the common area over the sum of both (Dice 1945), 0..1; 1 where both are empty.

    `found`, `truth`: bool (H, W).
    """
    either = int(found.sum()) + int(truth.sum())
    return 2 * int((found & truth).sum()) / either if either else 1.0


def hausdorff_95(found: Mask, truth: Mask) -> float:
    """The distance in pixels that 95 % of both outlines' pixels are within of the other outline.

    The larger of the two directions' 95th percentiles, as in the BraTS and LOLA11 challenges; the
    maximum itself hangs on a single pixel. 0 where both are empty, infinite where one is.
    """
    if not found.any() and not truth.any():
        return 0.0
    if not found.any() or not truth.any():
        return math.inf
    there, here = _outline(found), _outline(truth)
    return max(_percentile(there, here), _percentile(here, there))


def _outline(mask: Mask) -> Mask:
    """The mask's own pixels that touch what is not in it, or the picture's edge."""
    from scipy.ndimage import binary_erosion

    inside: Mask = binary_erosion(mask, border_value=0)
    return mask & ~inside


def _percentile(of: Mask, to: Mask) -> float:
    from scipy.ndimage import distance_transform_edt

    return float(np.percentile(distance_transform_edt(~to)[of], 95))
