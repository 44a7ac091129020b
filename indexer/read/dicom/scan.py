"""One DICOM file as a scan: a picture, a volume, frames in time, or a slide put together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut

from indexer.read.colour import neutral, unit_range
from indexer.read.contract import Limits
from indexer.read.dicom.codecs import check_codec, check_complete, stored_frames
from indexer.read.dicom.file import Opened
from indexer.read.dicom.grey import measured, modality_of, valid_of
from indexer.read.dicom.groups import Groups
from indexer.read.dicom.header import header_of
from indexer.read.dicom.order import Order, order_of
from indexer.read.dicom.place import pixel_spacing
from indexer.read.dicom.shape import Shape, check_size, shape_of
from indexer.read.dicom.tiles import Matrix, matrix_of, stitched
from indexer.read.dicom.window import voi_of
from indexer.scan import Scan, Voi
from models.arrays import FloatImage, Mask

_EIGHT_BITS = Voi(127.5, 255.0, "LINEAR_EXACT")


@dataclass(frozen=True, slots=True)
class _Pixels:
    """What the frames became, before the header is put beside it."""

    values: FloatImage
    unit: str
    colour: bool = False
    valid: Mask | None = None
    voi: Voi | None = None


def checked(opened: Opened, limits: Limits) -> tuple[Shape, Matrix | None]:
    """Shape of the pixels, and of the whole slide if this is one.

    Raises `UnreadableScan` for everything that is wrong before a pixel is decoded.
    """
    shape = shape_of(opened)
    matrix = matrix_of(opened.dataset)
    check_size(matrix.rows * matrix.columns * shape.samples if matrix else shape.size, limits)
    check_codec(opened.transfer_syntax)
    check_complete(opened, shape)
    return shape, matrix


def scan_of(opened: Opened, limits: Limits) -> Scan:
    """Decode all of the file. Raises `UnreadableScan`, and pydicom's and the codecs' own errors."""
    shape, matrix = checked(opened, limits)
    groups = Groups(opened.dataset)
    order = Order.single() if matrix else order_of(groups, opened.dataset, shape.frames)
    if matrix:
        pixels = _slide(opened, shape, stitched(opened, shape, matrix))
    elif shape.colour:
        pixels = _coloured(_stack(opened, shape, order), shape)
    else:
        pixels = _grey(opened, shape, groups, order)
    return Scan(
        pixels=pixels.values,
        unit=pixels.unit,
        colour=pixels.colour,
        valid=pixels.valid,
        spacing_mm=_spacing(groups, order),
        voi=pixels.voi,
        inverted=shape.photometric == "MONOCHROME1",
        bits=shape.bits_stored,
        header=header_of(opened.dataset),
    )


def _spacing(groups: Groups, order: Order) -> tuple[float, ...] | None:
    plane = pixel_spacing(groups)
    if plane is None or order.slice_spacing_mm is None:
        return plane
    return (order.slice_spacing_mm, *plane)


def _grey(opened: Opened, shape: Shape, groups: Groups, order: Order) -> _Pixels:
    """Frames are rescaled one by one: in enhanced objects each may have its own slope."""
    size = (shape.frames, shape.rows, shape.columns)
    values = np.empty(size, dtype=np.float32)
    valid: Mask | None = None
    modality = modality_of(groups, opened.dataset, shape)
    first = modality
    for index, stored in enumerate(stored_frames(opened, shape)):
        if groups.per_frame:
            modality = modality_of(groups, opened.dataset, shape, index)
        values[order.rank[index]] = measured(stored, modality, shape.bits_stored)
        good = valid_of(stored, opened.dataset, shape)
        if good is not None:
            valid = np.ones(size, dtype=np.bool_) if valid is None else valid
            valid[order.rank[index]] = good
    if shape.floating and valid is not None:
        values[~valid] = 0.0
    middle = order.rank.index(shape.frames // 2)
    voi = voi_of(groups, first, shape, middle)
    if shape.frames == 1:
        return _Pixels(values[0], first.unit, valid=None if valid is None else valid[0], voi=voi)
    return _Pixels(values, first.unit, valid=valid, voi=voi)


def _stack(opened: Opened, shape: Shape, order: Order) -> NDArray[Any]:
    """All colour frames as integers: whether they are grey at heart shows only at the end."""
    stack: NDArray[Any] | None = None
    for index, stored in enumerate(stored_frames(opened, shape)):
        rgb = stored if shape.samples == 3 else apply_color_lut(stored, opened.dataset)
        if shape.frames == 1:
            return rgb
        if stack is None:
            stack = np.empty((shape.frames, *rgb.shape), dtype=rgb.dtype)
        stack[order.rank[index]] = rgb
    assert stack is not None  # stored_frames raises if there is no frame
    return stack


def _coloured(rgb: NDArray[Any], shape: Shape) -> _Pixels:
    by_palette = shape.samples == 1  # entries fill their type, PS3.3 C.7.6.3.1.6
    bits = 8 * rgb.dtype.itemsize if by_palette else shape.bits_stored
    if neutral(rgb):
        voi = _EIGHT_BITS if bits == 8 else None
        return _Pixels(np.ascontiguousarray(rgb[..., 0], dtype=np.float32), "stored", voi=voi)
    return _Pixels(unit_range(rgb, 2.0**bits - 1), "rgb", colour=True)


def _slide(opened: Opened, shape: Shape, picture: NDArray[Any]) -> _Pixels:
    if picture.ndim == 3:
        return _coloured(picture, shape)
    if shape.colour:
        return _coloured(apply_color_lut(picture, opened.dataset), shape)
    voi = _EIGHT_BITS if shape.bits_stored == 8 else None
    return _Pixels(picture.astype(np.float32), "stored", voi=voi)
