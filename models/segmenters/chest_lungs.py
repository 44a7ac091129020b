"""The lungs on a chest film, by a small U-Net that ships with the installation."""

from functools import cache

import cv2
import numpy as np

from models.arrays import FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.network import OpenVinoSegmenter

MODEL = "chest-lungs"
_PART = 0.1  # of all that was found: smaller pieces are no lung
_SIDE = 0.12  # of all that was found: each half of the box holds at least this much
_LUNGS = (0.06, 0.7)  # of the film


class ChestLungs:
    """Both lungs of a frontal chest film, as anatomy that is covered by the heart is not.

    A lung that is wholly opaque is often not found. Then, and where what is found cannot be two
    lungs, there is no mask and the whole film counts: to see one lung alone would hide the other.
    """

    name = "chest_lungs"
    wants: Wants = "display"

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None where two lungs were not found; see `Segmenter`."""
        if pixels.ndim == 3:
            found = [self.segment(one, spacing_mm) for one in pixels]
            empty = np.zeros(pixels.shape[1:], bool)
            masks = [empty if mask is None else mask for mask in found]
            return np.stack(masks) if any(mask is not None for mask in found) else None
        mask = _pieces(np.asarray(_network().on(pixels)[0] > 0.5))
        return mask if plausible(mask) else None


@cache
def _network() -> OpenVinoSegmenter:
    """Once a process: a worker segments many films."""
    return OpenVinoSegmenter.load(MODEL, threads=1)


def _pieces(mask: Mask) -> Mask:
    """Without the small ones."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8))
    large = stats[:, cv2.CC_STAT_AREA] >= _PART * max(1, int(mask.sum()))
    large[0] = False
    return np.asarray(large[labels])


def plausible(mask: Mask) -> bool:
    """Whether it can be both lungs: large enough, and something of it on both sides."""
    if not _LUNGS[0] <= float(mask.mean()) <= _LUNGS[1]:
        return False
    columns = np.flatnonzero(mask.any(axis=0))
    rows = np.flatnonzero(mask.any(axis=1))
    left, right = int(columns[0]), int(columns[-1]) + 1
    middle = (left + right) // 2
    share = float(mask[:, left:middle].sum()) / float(mask.sum())
    upright = (rows[-1] - rows[0]) < 2.2 * (right - left)
    return bool(_SIDE <= share <= 1 - _SIDE and upright)
