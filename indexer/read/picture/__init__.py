"""PNG, JPEG, TIFF and BMP files as scans, decoded by OpenCV after their headers were checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.read.colour import neutral, unit_range
from indexer.read.contract import Limits, Peek
from indexer.read.picture.sizes import Size, bmp_size, jpeg_size, png_size
from indexer.read.picture.tiff import tiff_pages
from indexer.read.reasons import unreadable
from indexer.scan import Header, Scan, Voi
from models.arrays import Mask

_FULL = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}
_EIGHT_BITS = Voi(127.5, 255.0, "LINEAR_EXACT")  # such a picture was made to be seen as it is
_MOST_BYTES_PER_SAMPLE = 8


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the header promises: `kept` pages of `pages`, the first one's size, how to decode."""

    size: Size
    samples: int
    pages: int = 1
    kept: tuple[int, ...] = (0,)
    alpha: bool = False
    white_is_zero: bool = False


def peek(path: Path, limits: Limits) -> Peek:
    """Number of pages; a picture names no patient that we would trust. Raises `UnreadableScan`."""
    plan = _plan(_content(path, limits), limits)
    return Peek(kind="picture", header=Header(), frames=len(plan.kept))


def read(paths: Sequence[Path], limits: Limits) -> Scan:
    """The picture upright (EXIF orientation), as grey if its colours are all neutral.

    Pages of a TIFF file become frames; thumbnails and masks among them are left out. Where an alpha
    channel is 0 the pixel is not valid. Raises `UnreadableScan`.
    """
    data = _content(paths[0], limits)
    plan = _plan(data, limits)
    decoded = _decoded(data, plan)
    valid = None
    if plan.alpha and decoded.ndim == 3 and decoded.shape[-1] == 4:
        valid = _opaque(decoded[..., 3])
        decoded = decoded[..., :3]
    colour = decoded.ndim == (4 if len(plan.kept) > 1 else 3)
    if colour:
        if not neutral(decoded):
            return _coloured(decoded, valid, plan)
        decoded = decoded[..., 0]
    return _grey(decoded, valid, plan)


def _content(path: Path, limits: Limits) -> bytes:
    most = limits.max_pixels * _MOST_BYTES_PER_SAMPLE + (1 << 20)
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise unreadable("too_large", "more bytes than the pixels of the largest scan have")
    return data


def _plan(data: bytes, limits: Limits) -> _Plan:
    plan = _planned(data)
    if plan.samples > limits.max_pixels:
        raise unreadable("too_large", f"{plan.samples:,} of {limits.max_pixels:,} samples")
    return plan


def _planned(data: bytes) -> _Plan:
    if data.startswith(b"\xff\xd8"):
        size = jpeg_size(data)
        return _Plan(size, size.samples)
    if data.startswith(b"\x89PNG"):
        size = png_size(data)
        # OpenCV turns a picture by its EXIF tag, or gives the alpha channel: never both
        alpha = size.channels in (2, 4) and b"eXIf" not in data
        return _Plan(size, size.samples, alpha=alpha)
    if data.startswith(b"BM"):
        size = bmp_size(data)
        return _Plan(size, size.samples)
    return _tiff(data)


def _tiff(data: bytes) -> _Plan:
    pages = tiff_pages(data)
    kept = tuple(i for i, page in enumerate(pages) if not page.extra) or (0,)
    first = pages[kept[0]]
    if any(pages[i].size != first.size for i in kept):
        raise unreadable("inconsistent_series", "pages differ in size")
    # 8-bit and bilevel pages are turned by OpenCV itself, deeper ones are not
    inverted = first.white_is_zero and first.size.bits > 8
    samples = sum(page.size.samples for page in pages)
    return _Plan(first.size, samples, len(pages), kept, white_is_zero=inverted)


def _decoded(data: bytes, plan: _Plan) -> NDArray[Any]:
    """(rows, columns[, channels]) or (pages, rows, columns[, channels]); colours blue first."""
    import cv2  # here, so that a look at the header does not pay for it

    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
    buffer = np.frombuffer(data, np.uint8)
    try:
        if plan.pages == 1:
            image = cv2.imdecode(buffer, cv2.IMREAD_UNCHANGED if plan.alpha else flags)
        else:
            found, images = cv2.imdecodemulti(buffer, flags)
            complete = found and len(images) == plan.pages
            image = _joined([images[i] for i in plan.kept]) if complete else None
    except cv2.error:
        image = None
    if image is None:
        raise unreadable("damaged_pixels")
    return np.asarray(image)


def _joined(images: list[NDArray[Any]]) -> NDArray[Any] | None:
    if len({(image.shape, image.dtype) for image in images}) != 1:
        return None
    return images[0] if len(images) == 1 else np.stack(images)


def _opaque(alpha: NDArray[Any]) -> Mask | None:
    valid: Mask = alpha > 0
    return None if valid.all() or not valid.any() else valid


def _coloured(bgr: NDArray[Any], valid: Mask | None, plan: _Plan) -> Scan:
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    full = _FULL.get(rgb.dtype)
    if full is None:
        low, high = float(np.nanmin(rgb)), float(np.nanmax(rgb))
        if not (np.isfinite(low) and np.isfinite(high)):
            raise unreadable("unsupported_pixels", "colours that are not finite")
        rgb, full = (rgb, 1.0) if low >= 0 and high <= 1 else (rgb - low, high - low)
    return Scan(unit_range(rgb, full), "rgb", colour=True, valid=valid, bits=plan.size.bits)


def _grey(stored: NDArray[Any], valid: Mask | None, plan: _Plan) -> Scan:
    pixels = stored.astype(np.float32)
    if stored.dtype.kind == "f":
        finite = np.isfinite(pixels)
        if not finite.all():
            pixels[~finite] = 0.0
            valid = finite if valid is None else finite & valid
    return Scan(
        pixels,
        valid=valid,
        voi=_EIGHT_BITS if stored.dtype == np.uint8 else None,
        inverted=plan.white_is_zero,
        bits=plan.size.bits,
    )
