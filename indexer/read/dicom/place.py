"""Where slices lie in the patient, and how far apart their pixels are."""

from dataclasses import dataclass

import numpy as np
from pydicom.dataset import Dataset

from indexer.read.dicom.groups import Groups
from indexer.read.dicom.values import integer, items, number, numbers, text

_CENTIMETRE = 3  # Physical Units (0018,6024), PS3.3 C.8.5.5.1.15
_SAME_PLACE_MM = 1e-3


@dataclass(frozen=True, slots=True)
class Place:
    """The plane of one slice, in the patient's coordinates (mm; PS3.3 C.7.6.2.1.1)."""

    orientation: tuple[float, ...]
    along_normal_mm: float


def place_of(groups: Groups, frame: int = 0) -> Place | None:
    """The plane of a frame, or None if the file does not say it properly."""
    position = numbers(groups.holder(frame, "PlanePositionSequence"), "ImagePositionPatient")
    orientation = numbers(
        groups.holder(frame, "PlaneOrientationSequence"), "ImageOrientationPatient"
    )
    if len(position) != 3 or len(orientation) != 6:
        return None
    normal = np.cross(orientation[:3], orientation[3:])
    length = float(np.linalg.norm(normal))
    if length < 0.5:  # the two directions must be unit vectors at a right angle
        return None
    return Place(orientation, float(np.dot(position, normal)) / length)


def pixel_spacing(groups: Groups, frame: int = 0) -> tuple[float, float] | None:
    """(row, column) distance of pixel centres in mm.

    Pixel Spacing, else the spacing at the detector (PS3.3 10.7.1.3), else an ultrasound region's.
    """
    holder = groups.holder(frame, "PixelMeasuresSequence")
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        found = numbers(holder, keyword)
        if len(found) == 2 and min(found) > 0:
            return found[0], found[1]
    return _ultrasound(items(holder, "SequenceOfUltrasoundRegions"))


def slice_spacing(groups: Groups, places_mm: list[float]) -> float | None:
    """Distance of neighbouring slices in mm: from where they lie, else what the header says."""
    if len(places_mm) > 1:
        step = float(np.median(np.diff(np.sort(places_mm))))
        if step > _SAME_PLACE_MM:
            return step
    holder = groups.holder(0, "PixelMeasuresSequence")
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        said = number(holder, keyword)
        if said:
            return abs(said)
    return None


def distinct(places_mm: list[float]) -> bool:
    """Whether no two slices lie at the same place."""
    return len(places_mm) < 2 or bool(np.diff(np.sort(places_mm)).min() > _SAME_PLACE_MM)


def series_key(dataset: Dataset, groups: Groups) -> str:
    """The same for all slices of one volume; "" if this slice belongs to none.

    A series may hold several volumes and a localizer: what tells them apart is part of the key.
    """
    series, place = text(dataset, "SeriesInstanceUID"), place_of(groups)
    if not series or place is None:
        return ""
    orientation = ",".join(f"{value + 0.0:.2f}" for value in place.orientation)
    parts = [
        series,
        orientation.replace("-0.00", "0.00"),
        text(dataset, "Rows"),
        text(dataset, "Columns"),
        text(dataset, "PhotometricInterpretation"),
        "\\".join(text(dataset, "ImageType").split("\\")[2:]),
        str(integer(dataset, "EchoNumbers") or ""),
        str(integer(dataset, "TemporalPositionIdentifier") or ""),
    ]
    return "|".join(parts)


def _ultrasound(regions: list[Dataset]) -> tuple[float, float] | None:
    """Physical Delta (0018,602C and 602E) of the first region that is measured in centimetres."""
    for region in regions:
        x, y = number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY")
        units = (
            integer(region, "PhysicalUnitsXDirection"),
            integer(region, "PhysicalUnitsYDirection"),
        )
        if units == (_CENTIMETRE, _CENTIMETRE) and x and y:
            return abs(y) * 10, abs(x) * 10
    return None
