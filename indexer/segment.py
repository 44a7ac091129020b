"""The region of a scan that descriptors look at, or the whole scan and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np

from indexer.scan import Header, Scan
from models.arrays import ByteImage, FloatImage, Mask
from models.segmenters import load

DEFAULT_METHODS: Mapping[str, str] = MappingProxyType(
    {"": "none", "CT": "ct_body", "CT CHEST": "ct_lungs"}
)
"""What "auto" stands for, by modality, or by modality and body part; "" for any other."""

SMALLEST, LARGEST = 0.01, 0.99  # of the scan: beyond these a region is taken for a failure
_AIR_HU = -1024.0
_SHEET_SIDE, _SHEET_SLICES = 640, 12
_YELLOW = (255, 210, 0)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What came of segmenting a scan.

    `mask`: bool, the shape of the pixels without the colour axis; None: the whole scan is meant.
    `method`: what was used ("none" where nothing was asked for). `fell_back`: it failed and the
    whole scan is taken instead. `reason`: why, as a sentence; empty otherwise.
    """

    mask: Mask | None
    method: str
    fell_back: bool = False
    reason: str = ""


def methods_with(own: Mapping[str, str]) -> Mapping[str, str]:
    """The default methods with `own` over them; an own "CT" also replaces that of "CT CHEST"."""
    kept = {key: name for key, name in DEFAULT_METHODS.items() if key.split(" ")[0] not in own}
    return {**kept, **own}


def method_for(header: Header, methods: Mapping[str, str] = DEFAULT_METHODS) -> str:
    """What "auto" stands for: that of "CT CHEST" before that of "CT" before that of ""."""
    for key in (f"{header.modality} {header.body_part}", header.modality):
        if key in methods:
            return methods[key]
    return methods.get("", "none")


def segment(scan: Scan, shown: Scan, method: str, given: Mask | None = None) -> Segmentation:
    """The region of `scan`, by `method`; never a failure, but a fall back to the whole scan.

    `scan` holds measured values, `shown` is the same after preprocessing (range 0..1). `method`:
    "none"; "auto" (see `DEFAULT_METHODS`); "given" for the mask that came with the archive, handed
    in as `given` (bool, the shape of the pixels without the colour axis); or a segmenter's name
    with its settings, e.g. "hu_range:150,3000". Colour is segmented by its luminance.

    A region below 1 % or above 99 % of the scan is taken for a failure.

    Raises `UsageError` for a method that does not exist.
    """
    if method == "auto":
        method = method_for(scan.header)
    if method == "none":
        return Segmentation(None, "none")
    shape = shown.pixels.shape[:-1] if shown.colour else shown.pixels.shape
    mask, reason = _given(given, shape) if method == "given" else _found(scan, shown, method)
    if mask is not None and scan.valid is not None:
        mask = mask & scan.valid
    reason = reason or _implausible(mask)
    if reason:
        return Segmentation(None, method, True, f"{method}: {reason}; the whole scan is used")
    return Segmentation(mask, method)


def _given(given: Mask | None, shape: tuple[int, ...]) -> tuple[Mask | None, str]:
    if given is None:
        return None, "the archive has no mask for this scan that can be read"
    if given.shape != shape:
        return None, f"the mask's shape {given.shape} is not the scan's, {shape}"
    return given, ""


def _found(scan: Scan, shown: Scan, method: str) -> tuple[Mask | None, str]:
    segmenter = load(method)
    if segmenter.wants == "display":
        return segmenter.segment(_grey(shown), scan.spacing_mm), ""
    if scan.unit != "HU":
        return None, f"it works on HU, and this scan's values are {scan.unit!r}"
    values = np.nan_to_num(scan.pixels, nan=_AIR_HU) if _has_nan(scan) else scan.pixels
    if scan.valid is not None:
        values = np.where(scan.valid, values, np.float32(_AIR_HU))
    return segmenter.segment(values, scan.spacing_mm), ""


def _has_nan(scan: Scan) -> bool:
    return bool(np.isnan(scan.pixels.min(initial=0.0)))


def _implausible(mask: Mask | None) -> str:
    if mask is None:
        return "nothing was found"
    share = float(mask.mean())
    if share < SMALLEST:
        return f"it found {share:.1%} of the scan, less than {SMALLEST:.0%}"
    if share > LARGEST:
        return f"it found {share:.1%} of the scan, more than {LARGEST:.0%}"
    return ""


def _grey(shown: Scan) -> FloatImage:
    if not shown.colour:
        return shown.pixels
    return np.asarray(shown.pixels @ np.array([0.299, 0.587, 0.114], np.float32))  # ITU-R BT.601


def box_of(mask: Mask, margin: float = 0.0) -> tuple[slice, ...]:
    """The smallest box around a mask: one slice per axis, to index pixels with.

    `margin`: widens it on each side, as a share of its own length there, within the scan. An empty
    mask has the whole scan as its box.
    """
    if not mask.any():
        return tuple(slice(0, length) for length in mask.shape)
    box = []
    for axis, length in enumerate(mask.shape):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        places = np.flatnonzero(mask.any(axis=others))
        first, last = int(places[0]), int(places[-1]) + 1
        wider = round(margin * (last - first))
        box.append(slice(max(0, first - wider), min(length, last + wider)))
    return tuple(box)


def overlay(shown: Scan, mask: Mask | None) -> ByteImage:
    """The picture with the region tinted and outlined: uint8, (h, w, 3), RGB.

    `shown`: after preprocessing, range 0..1. `mask`: of its shape without the colour axis, or None
    for the whole scan. A volume becomes a sheet of up to 12 slices, evenly taken and numbered.
    """
    if not shown.volume:
        return _outlined(shown.pixels, mask, _SHEET_SIDE)
    depth = shown.pixels.shape[0]
    chosen = np.unique(np.linspace(0, depth - 1, min(_SHEET_SLICES, depth)).round().astype(int))
    tiles = []
    for number in chosen:
        tile = _outlined(
            shown.pixels[number], None if mask is None else mask[number], _SHEET_SIDE // 2
        )
        text = f"slice {number + 1} of {depth}"
        tiles.append(cv2.putText(tile, text, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.5, _YELLOW, 1))
    columns = min(4, len(tiles))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    return np.asarray(np.vstack(rows), dtype=np.uint8)


def _outlined(picture: FloatImage, mask: Mask | None, side: int) -> ByteImage:
    factor = side / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    levels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    drawn = cv2.resize(
        levels, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )
    if drawn.ndim == 2:
        drawn = cv2.cvtColor(drawn, cv2.COLOR_GRAY2RGB)
    result = np.ascontiguousarray(drawn, dtype=np.uint8)
    if mask is None:
        return result
    region = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    inside = region > 0
    result[inside] = np.rint(result[inside] * 0.8 + np.array(_YELLOW) * 0.2).astype(np.uint8)
    contours, _ = cv2.findContours(region, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(result, contours, -1, _YELLOW, 1, cv2.LINE_AA)
    return result
