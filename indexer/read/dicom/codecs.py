"""Stored values of each frame, by the decoder that we chose for each transfer syntax."""

from collections.abc import Iterator
from typing import Any

import gdcm
from numpy.typing import NDArray
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import UID

from indexer.read.dicom import gdcm_jpeg
from indexer.read.dicom.file import Opened
from indexer.read.dicom.shape import Shape
from indexer.read.picture.sizes import jpeg_size
from indexer.read.quiet import quiet_stderr
from indexer.read.reasons import unreadable

Stored = NDArray[Any]
"""(rows, columns) or (rows, columns, 3); integers as stored, or float32/float64."""

_NATIVE = {
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
}
_JPEG = {
    "1.2.840.10008.1.2.4.50",  # baseline
    "1.2.840.10008.1.2.4.51",  # extended
    "1.2.840.10008.1.2.4.57",  # lossless, any predictor
    "1.2.840.10008.1.2.4.70",  # lossless, first-order predictor
}
_RETIRED_JPEG = {"1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55"}  # progressive
# pydicom would try whatever is installed, in its own order; the same file must give the same pixels
# on every machine. python-gdcm, pyjpegls and pylibjpeg-openjpeg come with us.
_PLUGINS = dict.fromkeys(_JPEG, "gdcm") | {
    "1.2.840.10008.1.2.4.80": "pyjpegls",
    "1.2.840.10008.1.2.4.81": "pyjpegls",
    "1.2.840.10008.1.2.4.90": "pylibjpeg",
    "1.2.840.10008.1.2.4.91": "pylibjpeg",
    "1.2.840.10008.1.2.4.201": "pylibjpeg",
    "1.2.840.10008.1.2.4.202": "pylibjpeg",
    "1.2.840.10008.1.2.4.203": "pylibjpeg",
    "1.2.840.10008.1.2.5": "pydicom",  # pylibjpeg-rle is faster but panics on damaged data
}
_EXTENDED = "1.2.840.10008.1.2.4.51"
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
_JPEG_2000 = {_JPEG_FAMILY + number for number in ("90", "91", "201", "202", "203")}


def check_codec(syntax: str) -> None:
    """Raises `UnreadableScan` (``unsupported_transfer_syntax``) if there is no decoder."""
    if syntax not in _NATIVE and syntax not in _PLUGINS and syntax not in _RETIRED_JPEG:
        name = UID(syntax).name
        known = name if name != syntax and name != "Private" else "a private transfer syntax"
        raise unreadable("unsupported_transfer_syntax", known)


def check_complete(opened: Opened, shape: Shape) -> None:
    """Raises `UnreadableScan` (``truncated``) if the file cannot hold all its pixels."""
    missing = (opened.declared or 0) - opened.available
    if missing > 1:  # one: the padding of an odd length is often forgotten
        raise unreadable("truncated", f"{missing:,} bytes are missing")
    if opened.transfer_syntax not in _NATIVE:
        return
    samples = shape.size
    if shape.photometric == "YBR_FULL_422":
        samples = samples // 3 * 2
    expected = (samples * shape.bits_allocated + 7) // 8
    if opened.available < expected:
        raise unreadable("truncated", f"{opened.available:,} of {expected:,} bytes of pixels")


def stored_frames(opened: Opened, shape: Shape) -> Iterator[Stored]:
    """Every frame in the file's order. Colour is red, green, blue whatever it was stored as.

    Raises `UnreadableScan`: ``damaged_pixels``, ``truncated``.
    """
    check_codec(opened.transfer_syntax)
    check_complete(opened, shape)
    frames = _native(opened, shape) if opened.transfer_syntax in _NATIVE else _coded(opened, shape)
    expected = (shape.rows, shape.columns) + ((3,) if shape.samples == 3 else ())
    seen = 0
    for frame in frames:
        if frame.shape != expected:
            raise unreadable("damaged_pixels", "a frame is not of the size that the header says")
        seen += 1
        yield frame
        if seen == shape.frames:
            return
    raise unreadable("truncated", f"{seen} of {shape.frames} frames")


def _native(opened: Opened, shape: Shape) -> Iterator[Stored]:
    decoder = get_decoder(opened.transfer_syntax)
    options: dict[str, Any] = _options(opened, shape) | {"correct_unused_bits": False}
    for frame, _ in decoder.iter_array(opened.with_pixels(), **options):
        yield frame if shape.floating else _used_bits(frame, shape)


def _options(opened: Opened, shape: Shape) -> dict[str, Any]:
    """What pydicom would take from the header, without its strictness about missing elements."""
    return {
        "rows": shape.rows,
        "columns": shape.columns,
        "number_of_frames": shape.frames,
        "samples_per_pixel": shape.samples,
        "bits_allocated": shape.bits_allocated,
        "bits_stored": shape.bits_stored,
        "photometric_interpretation": shape.photometric,
        "pixel_representation": int(shape.signed),
    }


def _used_bits(frame: Stored, shape: Shape) -> Stored:
    """Only the bits that hold the value (PS3.5 section 8.1.1): overlays may sit in the others."""
    unused = 8 * frame.dtype.itemsize - shape.bits_stored
    if shape.bits_allocated == 1 or unused <= 0:
        return frame
    up = 8 * frame.dtype.itemsize - 1 - shape.high_bit
    return (frame << up) >> unused


def _coded(opened: Opened, shape: Shape) -> Iterator[Stored]:
    dataset = opened.with_pixels()
    value = bytes(dataset[opened.pixel_tag].value)
    if opened.transfer_syntax.startswith(_JPEG_FAMILY):
        _check_frames(value, shape, opened.transfer_syntax)
    wide = opened.transfer_syntax == _EXTENDED and shape.bits_allocated > 8
    if opened.transfer_syntax in _RETIRED_JPEG or wide:
        if shape.samples != 1:
            raise unreadable("unsupported_pixels", "colour JPEG of more than 8 bits")
        encoded = generate_frames(value, number_of_frames=shape.frames)
        yield from _silently(gdcm_jpeg.decode(frame, shape) for frame in encoded)
        return
    plugin = _PLUGINS[opened.transfer_syntax]
    options = _options(opened, shape)
    frames = get_decoder(opened.transfer_syntax).iter_array(
        dataset, decoding_plugin=plugin, **options
    )
    arrays = (frame for frame, _ in frames)
    yield from _silently(arrays) if plugin == "gdcm" else arrays


def _silently(frames: Iterator[Stored]) -> Iterator[Stored]:
    """The same frames; what GDCM prints while it makes them goes nowhere."""
    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    while True:
        with quiet_stderr():
            frame = next(frames, None)
        if frame is None:
            return
        yield frame


def _check_frames(value: bytes, shape: Shape, syntax: str) -> None:
    """Look at each frame before a decoder does.

    A decoder fills what is missing of a JPEG with grey and says nothing, and GDCM ends the whole
    process over a frame of another kind than it was told. The whole family ends with FF D9; frames
    are padded to an even length (PS3.5 section A.4).
    """
    for frame in generate_frames(value, number_of_frames=shape.frames):
        if b"\xff\xd9" not in frame[-16:]:
            raise unreadable("truncated", "a frame has no end marker")
        if syntax in _JPEG_2000:
            continue
        size = jpeg_size(frame)
        if (size.rows, size.columns, size.channels) != (shape.rows, shape.columns, shape.samples):
            raise unreadable("damaged_pixels", "a frame is not of the size that the header says")
        if size.bits > shape.bits_allocated:
            raise unreadable("damaged_pixels", "a frame has more bits than the header says")
