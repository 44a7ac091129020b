"""Where one lung is brighter than the other in the same place: a guess at what is ill.

A guess, not a finding: what it is worth is measured in docs/augmentation.md.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from models.arrays import FloatImage, Mask
from models.augmenting import Film
from models.augmenting.place import box_of
from models.segmenters.regions import restored

_SIDE_PX = 256  # longer side of the film that is looked at
_BLUR = 0.04  # of a lung's height: ribs go, opacities stay
_EDGE = 0.06  # of a lung's height: so near to its edge the two lungs are not compared
_REACH = 0.3  # of a lung's height: radius of the largest region
_SLIMMEST = 0.7  # of its height: the box of two lungs is wider, that of one is not
_LEAST_RADIUS = 0.08  # of a lung's height: radius of the smallest region


@dataclass(frozen=True, slots=True)
class Opacity:
    """A place that is brighter than its mirror image. `mask`: bool, of the film's shape.

    `score`: by how much at its peak, in standard deviations of the grey levels in both lungs.
    """

    mask: Mask
    score: float


def opacity(film: Film) -> Opacity | None:
    """The most asymmetric bright place within the film's region (both lungs of a frontal film).

    None where there is no region, or not two sides of it that can be compared.
    """
    if film.region is None or not film.region.any() or film.colour:
        return None
    left, top, right, bottom = box_of(film.region)
    if right - left < _SLIMMEST * (bottom - top):
        return None
    factor = min(1.0, _SIDE_PX / max(film.shape))
    size = (max(1, round(film.shape[1] * factor)), max(1, round(film.shape[0] * factor)))
    grey = np.asarray(cv2.resize(film.pixels, size, interpolation=cv2.INTER_AREA), np.float32)
    lungs = cv2.resize(film.region.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    found = [_of_side(grey, lungs, side) for side in (0, 1)]
    best = max((one for one in found if one is not None), key=lambda one: one.score, default=None)
    return None if best is None else Opacity(restored(best.mask, film.shape), best.score)


def _of_side(grey: FloatImage, lungs: Mask, side: int) -> Opacity | None:
    halves = _halves(lungs)
    if any(half.sum() < 64 for half in halves):
        return None
    own, other = halves[side], halves[1 - side]
    left, top, right, bottom = (int(place) for place in box_of(own))
    there = (slice(top, bottom), slice(left, right))
    height = bottom - top
    levels = (grey - grey[lungs].mean()) / max(float(grey[lungs].std()), 1e-3)
    smooth = cv2.GaussianBlur(levels, (0, 0), max(0.5, _BLUR * height))
    mirror, present = _mirrored(smooth, other, (right - left, height))
    inside = _inner(own[there] & present, _EDGE * height)
    if not inside.any():
        return None
    difference = np.where(inside, smooth[there] - mirror, -np.inf)
    difference -= np.median(difference[inside])  # a patient who stands turned is no finding
    mask = np.zeros(lungs.shape, bool)
    mask[there] = _around_peak(difference, height)
    return Opacity(mask & lungs, float(difference.max()))


def _halves(lungs: Mask) -> tuple[Mask, Mask]:
    """What lies left and right of the middle of the lungs' box."""
    box = box_of(lungs)
    columns = np.arange(lungs.shape[1]) + 0.5 < (box[0] + box[2]) / 2
    return lungs & columns, lungs & ~columns


def _mirrored(smooth: FloatImage, other: Mask, size: tuple[int, int]) -> tuple[FloatImage, Mask]:
    """The other lung and its mask, mirrored and stretched to this lung's box."""
    left, top, right, bottom = (int(place) for place in box_of(other))
    values = np.ascontiguousarray(smooth[top:bottom, left:right][:, ::-1])
    mask = np.ascontiguousarray(other[top:bottom, left:right][:, ::-1])
    stretched = cv2.resize(values, size, interpolation=cv2.INTER_LINEAR)
    present = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return np.asarray(stretched, np.float32), np.asarray(present)


def _inner(mask: Mask, radius: float) -> Mask:
    """Without its edge."""
    distance = cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.asarray(distance > radius)


def _around_peak(difference: FloatImage, height: int) -> Mask:
    """What rises to half of the peak around it, neither very small nor very large."""
    row, column = np.unravel_index(int(difference.argmax()), difference.shape)
    rows, columns = np.ogrid[: difference.shape[0], : difference.shape[1]]
    away = np.hypot(rows - row, columns - column)
    high = (difference > difference.max() / 2) & (away <= _REACH * height)
    _, labels = cv2.connectedComponents(high.view(np.uint8))
    return np.asarray((labels == labels[row, column]) | (away <= _LEAST_RADIUS * height))
