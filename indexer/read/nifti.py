"""NIfTI-1 and NIfTI-2 files, plain or gzip, as scans (nifti.nimh.nih.gov; by nibabel)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from indexer.read.colour import neutral, unit_range
from indexer.read.contract import Limits, Peek
from indexer.read.inflate import GZIP, inflate
from indexer.read.quiet import quiet
from indexer.read.reasons import unreadable
from indexer.scan import Header, Scan, Voi
from models.arrays import FloatImage

nib: Any = nibabel  # typed in parts only
_HEADER_BYTES = 540  # NIfTI-2; NIfTI-1 has 348
_MOST_EXTENSIONS = 64 << 20  # bytes between header and pixels
_NO_EXTENSION = 4  # bytes of 0 between header and pixels
_TEXTS = ("data_type", "db_name", "descrip", "aux_file", "intent_name")
_MM = {1: 1000.0, 3: 1e-3}  # xyzt_units: metre, micrometre; all else is taken as mm


@dataclass(frozen=True, slots=True)
class _Opened:
    """`shape`: (x, y, z) of the first volume, axes of length 1 included."""

    path: Path
    header: Any
    compressed: bool
    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    offset: int

    @property
    def samples(self) -> int:
        return int(np.prod(self.shape)) * (3 if self.dtype.fields else 1)


def peek(path: Path, limits: Limits) -> Peek:
    """Number of slices; NIfTI says nothing of patient or modality. Raises `UnreadableScan`."""
    with quiet():
        opened = _open(path, limits)
    return Peek(kind="nifti", header=Header(), frames=max(1, opened.shape[2]))


def read(paths: Sequence[Path], limits: Limits) -> Scan:
    """The (first) volume, turned so that slices run from foot to head, rows from front to back and
    columns from the patient's right to left: as axial DICOM slices of a patient on his back.

    Of a 4D file only the first volume is read. One slice is a 2D picture, a sagittal or coronal one
    with the head on top. `scl_slope` and `scl_inter` are applied. Raises `UnreadableScan`.
    """
    with quiet():
        opened = _open(paths[0], limits)
        stored = _stored(opened)
        try:
            affine = opened.header.get_best_affine()
            ours = nib.orientations.axcodes2ornt(("L", "P", "S"))
            turn = nib.orientations.ornt_transform(nib.io_orientation(affine), ours)
            stored = nib.apply_orientation(stored, turn)
        except (ValueError, ArithmeticError, nib.orientations.OrientationError):
            raise unreadable("bad_header", "the affine is singular") from None
        spacing = _spacing(opened, turn)
    return _scan(opened, np.moveaxis(stored, (0, 1, 2), (2, 1, 0)), spacing)


def bare(path: Path, limits: Limits) -> bytes:
    """A file of the first volume alone, stored as it was: no texts, no extensions. Not compressed.

    Raises `UnreadableScan`.
    """
    with quiet():
        opened = _open(path, limits)
        header = opened.header.copy()
        for name in _TEXTS:
            if name in header:
                header[name] = b""
        header.set_data_shape(opened.shape)
        header["vox_offset"] = len(header.binaryblock) + _NO_EXTENSION
        return bytes(header.binaryblock) + bytes(_NO_EXTENSION) + _pixels(opened)


def _open(path: Path, limits: Limits) -> _Opened:
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        head = inflate(file, GZIP, _HEADER_BYTES) if compressed else file.read(_HEADER_BYTES)
    version_1 = head[344:348] in (b"n+1\0", b"ni1\0")
    if len(head) < (348 if version_1 else _HEADER_BYTES):
        raise unreadable("truncated")
    if head[344:347] == b"ni1" or head[4:7] == b"ni2":
        raise unreadable("no_pixels", "the pixels of this .hdr are in a second file, .img")
    kind = nib.Nifti1Header if version_1 else nib.Nifti2Header
    try:
        header = kind(head[: 348 if version_1 else 540], check=False)
        shape = tuple(int(n) for n in header.get_data_shape())
        dtype = header.get_data_dtype()
        offset = int(header["vox_offset"])
    except (ValueError, KeyError, OverflowError, TypeError, nib.spatialimages.HeaderDataError):
        raise unreadable("bad_header") from None
    _check(shape, dtype, offset)
    volume = (shape[0], shape[1], shape[2] if len(shape) > 2 else 1)
    opened = _Opened(path, header, compressed, volume, dtype, offset)
    if opened.samples > limits.max_pixels:
        raise unreadable("too_large", f"{opened.samples:,} of {limits.max_pixels:,} samples")
    return opened


def _check(shape: tuple[int, ...], dtype: np.dtype[Any], offset: int) -> None:
    if len(shape) < 2 or min(shape) < 1:
        raise unreadable("bad_header", "fewer than two dimensions")
    if not 0 <= offset <= _MOST_EXTENSIONS:
        raise unreadable("bad_header", "the offset of the pixels is out of range")
    if dtype.kind not in "iufcV" or dtype.itemsize == 0:
        raise unreadable("unsupported_pixels", "data type")


def _stored(opened: _Opened) -> NDArray[Any]:
    """Stored values of the first volume, (x, y, z) or (x, y, z, 3)."""
    values = np.frombuffer(_pixels(opened), opened.dtype).reshape(opened.shape, order="F")
    if opened.dtype.fields:  # RGB24, RGBA32
        return np.stack([values[name] for name in ("R", "G", "B")], axis=-1)
    return np.abs(values) if opened.dtype.kind == "c" else values


def _pixels(opened: _Opened) -> bytes:
    """The bytes of the first volume."""
    needed = int(np.prod(opened.shape)) * opened.dtype.itemsize
    with opened.path.open("rb") as file:
        if opened.compressed:
            content = inflate(file, GZIP, opened.offset + needed)
            raw = content[opened.offset :] if opened.offset else content
        else:
            file.seek(opened.offset)
            raw = file.read(needed)
    if len(raw) < needed:
        raise unreadable("truncated", f"{len(raw):,} of {needed:,} bytes of pixels")
    return raw


def _spacing(opened: _Opened, turn: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """(slice, row, column) in mm, or None where the file has no positive voxel size."""
    zooms = [abs(float(z)) for z in opened.header["pixdim"][1:4]]
    apart = [zoom for zoom, n in zip(zooms, opened.shape, strict=True) if n > 1]
    if not all(np.isfinite(zooms)) or not all(apart):
        return None
    scale = _MM.get(int(opened.header["xyzt_units"]) & 7, 1.0)
    turned = [0.0, 0.0, 0.0]
    for axis, zoom in enumerate(zooms):
        turned[int(turn[axis, 0])] = zoom * scale
    return turned[2], turned[1], turned[0]


def _scan(opened: _Opened, stored: NDArray[Any], spacing: tuple[float, ...] | None) -> Scan:
    """`stored`: (slice, row, column), or with a colour axis."""
    single = stored.shape[:3].index(1) if 1 in stored.shape[:3] else None
    if single is not None:
        stored = np.take(stored, 0, axis=single)
        if single > 0:  # rows are along the body: head on top
            stored = stored[::-1]
        spacing = tuple(s for axis, s in enumerate(spacing) if axis != single) if spacing else None
    if opened.dtype.fields:
        return _coloured(np.ascontiguousarray(stored), spacing)
    values = _scaled(np.ascontiguousarray(stored), opened.header)
    valid = np.isfinite(values)
    everywhere = bool(valid.all())
    if not everywhere:
        values[~valid] = 0.0
    return Scan(
        pixels=values,
        valid=None if everywhere else valid,
        spacing_mm=spacing,
        voi=_window(opened.header),
        bits=opened.dtype.itemsize * 8,
    )


def _coloured(rgb: NDArray[Any], spacing: tuple[float, ...] | None) -> Scan:
    if neutral(rgb):
        grey = np.ascontiguousarray(rgb[..., 0], dtype=np.float32)
        return Scan(grey, spacing_mm=spacing, voi=Voi(127.5, 255.0, "LINEAR_EXACT"))
    return Scan(unit_range(rgb, 255.0), unit="rgb", colour=True, spacing_mm=spacing)


def _scaled(stored: NDArray[Any], header: Any) -> FloatImage:
    """`scl_slope` 0 or none means: as stored."""
    slope, intercept = (float(header[name]) for name in ("scl_slope", "scl_inter"))
    if not np.isfinite(slope) or slope == 0.0 or not np.isfinite(intercept):
        return stored.astype(np.float32)
    if stored.dtype.itemsize > 2:
        return (stored.astype(np.float64) * slope + intercept).astype(np.float32)
    values: FloatImage = stored.astype(np.float32)
    values *= np.float32(slope)
    values += np.float32(intercept)
    return values


def _window(header: Any) -> Voi | None:
    """`cal_min` and `cal_max`: the range that the file asks to be shown, in scaled values."""
    low, high = float(header["cal_min"]), float(header["cal_max"])
    if not (np.isfinite(low) and np.isfinite(high) and high > low):
        return None
    return Voi((low + high) / 2, high - low, "LINEAR_EXACT")
