"""What the checks look at: one slice, made small, as a viewer shows it and as it was measured."""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.scan import Scan
from indexer.voi import full_range, shown
from models.arrays import FloatImage, Mask
from models.shrink import within

SIDE_PX = 512
"""Longer side of what most checks see. Sharpness and letters are judged at this size: what is
finer does not reach the descriptors, which see 256 px or less."""

_FILMS = frozenset({"CR", "DX", "DR", "RG", "MG", "PX", "IO", "RF", "XA"})
_UNSAID = frozenset({"", "OT", "SC"})
_DOCUMENTS = frozenset({"SEG"})  # numbers of things, not brightness


@dataclass(frozen=True, slots=True)
class View:
    """One slice of a scan (or the picture itself) at most `SIDE_PX` long.

    `scan`: the whole scan, for what its header says. `whole`: the slice at its own size, float32
    (H, W) or (H, W, 3), in the scan's unit. `values`: the same made small. `valid`: bool (h, w),
    where `values` were measured; None: everywhere. `grey`: float32 (h, w), range 0..1, luminance as
    a viewer shows it. `sample`: about 128 x 128 pixels of `grey`. `counts`: int64 (256,), how many
    of the sample have each of 256 levels.
    """

    scan: Scan
    whole: FloatImage
    values: FloatImage
    valid: Mask | None
    grey: FloatImage
    sample: FloatImage
    counts: NDArray[np.int64]

    @property
    def film(self) -> bool:
        """A grey picture that is a radiograph, or may be one for all that is known."""
        said = self.scan.header.modality
        return not self.scan.volume and not self.scan.colour and said in _FILMS | _UNSAID

    @property
    def picture(self) -> bool:
        """Something that was made to be looked at as it is: a film, a photograph, a screen shot."""
        said = self.scan.header.modality
        coloured = self.scan.colour and said not in ("US", "PT", "NM")
        return not self.scan.volume and (coloured or self.film)

    @property
    def brightness(self) -> bool:
        """Whether the values are brightness at all, not labels of a segmentation."""
        return self.scan.header.modality not in _DOCUMENTS

    def share(self, low: int, high: int) -> float:
        """The share of the pixels with levels `low` to `high`, of 0 to 255."""
        return float(self.counts[low : high + 1].sum()) / max(1, self.sample.size)

    def level(self, percent: float) -> float:
        """The grey level, range 0..1, below which so much of it lies; right to a 255th."""
        reached = np.cumsum(self.counts) >= percent / 100 * self.sample.size
        return int(reached.argmax()) / 255

    def inside(self, box: tuple[slice, slice]) -> "View":
        """The part of it inside `box`, in pixels of `grey`; `whole` stays as it is."""
        valid = None if self.valid is None else self.valid[box]
        sample = _thinned(self.grey[box])
        return replace(
            self,
            values=self.values[box],
            valid=valid,
            grey=self.grey[box],
            sample=sample,
            counts=_counted(sample),
        )


def view_of(scan: Scan, number: int) -> View:
    """The view of slice `number` of a volume, or of a picture (`number` is then ignored).

    Values are averaged before the window is applied, so a window's edge is seen a little softer
    than it is.
    """
    whole = scan.pixels[number] if scan.volume else scan.pixels
    values = within(np.ascontiguousarray(whole), SIDE_PX)
    valid = scan.valid if scan.valid is None or not scan.volume else scan.valid[number]
    if valid is not None and valid.shape != values.shape[:2]:
        valid = _nearest(valid, values.shape[0], values.shape[1])
    small = shown(replace(_with_range(scan), pixels=values, valid=valid))
    if not np.isfinite(small.sum()):
        small = np.nan_to_num(small, nan=0.0, posinf=1.0, neginf=0.0)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY) if scan.colour else small
    grey = np.asarray(grey, np.float32)
    sample = _thinned(grey)
    return View(scan, whole, values, valid, grey, sample, _counted(sample))


def _with_range(scan: Scan) -> Scan:
    # Without a window a scan is shown from its lowest to its highest value; averaging would hide
    # the one hot pixel that darkens all the rest.
    if scan.voi is not None or scan.colour or scan.unit == "display":
        return scan
    return replace(scan, voi=full_range(scan))


def _thinned(grey: FloatImage) -> FloatImage:
    height, width = grey.shape
    return grey[:: max(1, height // 128), :: max(1, width // 128)]


def _counted(sample: FloatImage) -> NDArray[np.int64]:
    levels = (sample * np.float32(255)).astype(np.uint8)
    return np.bincount(levels.ravel(), minlength=256)


def middle(picture: FloatImage, side: int) -> FloatImage:
    """The middle of a picture, at most `side` pixels along each of its first two axes."""
    top, left = (max(0, (length - side) // 2) for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]


def _nearest(mask: Mask, height: int, width: int) -> Mask:
    rows, columns = _places(mask.shape[0], height), _places(mask.shape[1], width)
    return np.asarray(mask[rows[:, None], columns[None]])


@lru_cache(maxsize=16)
def _places(length: int, count: int) -> np.ndarray:
    return np.minimum((np.arange(count) + 0.5) * length / count, length - 1).astype(np.int64)
