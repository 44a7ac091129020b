"""The slices of one series as a volume."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from indexer.read.contract import Limits
from indexer.read.dicom.file import open_dicom
from indexer.read.dicom.groups import Groups
from indexer.read.dicom.header import instance_number
from indexer.read.dicom.place import distinct, place_of, series_key, slice_spacing
from indexer.read.dicom.scan import scan_of
from indexer.read.dicom.shape import check_size, shape_of
from indexer.read.dicom.tags import PLACE_TAGS
from indexer.read.dicom.values import text
from indexer.read.reasons import unreadable
from indexer.scan import Scan
from models.arrays import FloatImage, Mask

_SAME_SPACING = 1e-2  # relative


@dataclass(frozen=True, slots=True)
class _Slice:
    path: Path
    along_normal_mm: float
    instance: int
    groups: Groups


def volume_of(paths: Sequence[Path], limits: Limits) -> Scan:
    """All slices, stacked by their position along the normal (PS3.3 C.7.6.2.1.1).

    A file that is there twice (same SOP Instance UID) is taken once. If different images share a
    place (time points), the first of each place come first, then the second, and so on; such a
    stack has no slice spacing. The window is the middle slice's.

    Raises `UnreadableScan` (``inconsistent_series``) unless all are slices of one volume.
    """
    slices = _in_order(paths, limits)
    middle = len(slices) // 2
    pixels: FloatImage | None = None
    valid: Mask | None = None
    first = shown = None
    for index, one in enumerate(slices):
        scan = scan_of(open_dicom(one.path, limits), limits)
        if pixels is None or first is None:
            first, shown = scan, scan
            pixels = np.empty((len(slices), *scan.pixels.shape), dtype=np.float32)
        _check_fits(scan, first)
        pixels[index] = scan.pixels
        if scan.valid is not None:
            size = (len(slices), *scan.valid.shape)
            valid = np.ones(size, dtype=np.bool_) if valid is None else valid
            valid[index] = scan.valid
        shown = scan if index == middle else shown
    assert pixels is not None and first is not None and shown is not None
    return replace(
        first,
        pixels=pixels,
        valid=valid,
        voi=shown.voi,
        spacing_mm=_spacing(slices, first),
        paths=tuple(str(one.path) for one in slices),
    )


def _in_order(paths: Sequence[Path], limits: Limits) -> list[_Slice]:
    found: dict[tuple[str, float, int], _Slice] = {}
    keys: set[str] = set()
    total = 0
    for path in paths:
        opened = open_dicom(path, limits, PLACE_TAGS)
        shape = shape_of(opened)
        groups = Groups(opened.dataset)
        place = place_of(groups)
        keys.add(series_key(opened.dataset, groups))
        if place is None or shape.frames > 1 or len(keys) > 1 or "" in keys:
            raise unreadable("inconsistent_series", "not single slices of one series and plane")
        uid = text(opened.dataset, "SOPInstanceUID") or str(path)
        number = instance_number(opened.dataset) or 0
        # Some anonymisers give one id to a whole series; at another place it is another slice.
        slot = (uid, round(place.along_normal_mm, 2), number)
        if slot not in found:
            total += shape.size
            found[slot] = _Slice(path, place.along_normal_mm, number, groups)
    check_size(total, limits)
    return _by_place(list(found.values()))


def _by_place(slices: list[_Slice]) -> list[_Slice]:
    ordered = sorted(slices, key=lambda one: (round(one.along_normal_mm, 2), one.instance))
    turns: dict[float, int] = {}
    ranked = []
    for one in ordered:
        place = round(one.along_normal_mm, 2)
        turns[place] = turns.get(place, -1) + 1
        ranked.append((turns[place], one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])]


def _spacing(slices: list[_Slice], first: Scan) -> tuple[float, ...] | None:
    places = [one.along_normal_mm for one in slices]
    if first.spacing_mm is None or not distinct(places):
        return first.spacing_mm
    between = slice_spacing(slices[0].groups, places)
    return first.spacing_mm if between is None else (between, *first.spacing_mm)


def _check_fits(scan: Scan, first: Scan) -> None:
    same = (
        scan.pixels.shape == first.pixels.shape
        and scan.colour == first.colour
        and scan.unit == first.unit
        and scan.inverted == first.inverted
        and np.allclose(scan.spacing_mm or 0.0, first.spacing_mm or 0.0, rtol=_SAME_SPACING)
    )
    if not same:
        raise unreadable("inconsistent_series", "slices differ in size, unit or spacing")
