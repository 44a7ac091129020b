"""In which order the frames of one object are looked at, and whether they are slices in space."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from indexer.read.dicom.groups import Groups
from indexer.read.dicom.place import distinct, place_of, slice_spacing
from indexer.read.dicom.values import numbers, text

_TOMOGRAPHIC = {"CT", "MR", "PT", "NM"}
_SAME_DIRECTION = 1e-2


@dataclass(frozen=True, slots=True)
class Order:
    """`rank[i]`: where frame i goes. `slice_spacing_mm`: None if frames are not slices in space."""

    rank: list[int]
    slice_spacing_mm: float | None = None

    @classmethod
    def single(cls) -> "Order":
        """One frame."""
        return cls([0])


def order_of(groups: Groups, dataset: Dataset, frames: int) -> Order:
    """Slices in space by their position along the normal; everything else as it is in the file.

    Frames that share a place (time points, echoes, segments) are not one volume: they stay in the
    file's order and have no slice spacing.
    """
    as_filed = list(range(frames))
    if frames == 1:
        return Order(as_filed)
    places = _places(groups, dataset, frames)
    if places is not None and distinct(places):
        rank = np.argsort(np.argsort(places, kind="stable"), kind="stable")
        return Order([int(r) for r in rank], slice_spacing(groups, places))
    if places is None and text(dataset, "Modality").upper() in _TOMOGRAPHIC:
        return Order(as_filed, _said_spacing(groups))
    return Order(as_filed)


def _said_spacing(groups: Groups) -> float | None:
    """Spacing Between Slices (0018,0088); without it, frames of a tomograph may be time points."""
    said = numbers(groups.holder(0, "PixelMeasuresSequence"), "SpacingBetweenSlices")
    return abs(said[0]) if said and said[0] else None


def _places(groups: Groups, dataset: Dataset, frames: int) -> list[float] | None:
    """Position of each frame along the common normal in mm, or None."""
    first = place_of(groups)
    if first is None:
        return None
    offsets = numbers(dataset, "GridFrameOffsetVector")  # RT dose, PS3.3 C.8.8.3.2
    if len(offsets) == frames:
        return list(offsets)
    found: list[float] = []
    for frame in range(frames):
        place = place_of(groups, frame)
        if place is None or not np.allclose(
            place.orientation, first.orientation, atol=_SAME_DIRECTION
        ):
            return None
        found.append(place.along_normal_mm)
    return found
