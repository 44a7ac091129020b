"""What a picture's header says, read before any decoder sees the file: size, depth, completeness.

A decoder would allocate what a forged header asks for, and fill what is missing with grey.
"""

import struct
import zlib
from dataclasses import dataclass

from indexer.read.reasons import unreadable

_PNG_CHANNELS = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}
_JPEG_SIZES = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})  # F7: JPEG-LS
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9


@dataclass(frozen=True, slots=True)
class Size:
    """Of one picture or page: rows, columns, samples a pixel, bits a sample."""

    rows: int
    columns: int
    channels: int
    bits: int

    @property
    def samples(self) -> int:
        """Samples to be decoded."""
        return self.rows * self.columns * self.channels


def png_size(data: bytes) -> Size:
    """IHDR, after a walk over all chunks (PNG specification, sections 5.3 and 11.2.1).

    Raises `UnreadableScan`: ``truncated`` without IEND, ``damaged_pixels`` for a wrong check sum.
    """
    if data[12:16] != b"IHDR" or len(data) < 33:
        raise unreadable("truncated" if len(data) < 33 else "bad_header")
    columns, rows, depth, kind = struct.unpack_from(">IIBB", data, 16)
    at, view = 8, memoryview(data)
    while True:
        if at + 12 > len(data):
            raise unreadable("truncated")
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise unreadable("truncated")
        if name in (b"IDAT", b"PLTE", b"IHDR"):
            (expected,) = struct.unpack_from(">I", data, end - 4)
            if zlib.crc32(view[at + 4 : end - 4]) != expected:
                raise unreadable("damaged_pixels", "a chunk's check sum is wrong")
        if name == b"IEND":
            break
        at = end
    if kind not in _PNG_CHANNELS:
        raise unreadable("bad_header", "colour type")
    return _checked(Size(rows, columns, _PNG_CHANNELS[kind], depth))


def jpeg_size(data: bytes) -> Size:
    """The frame header (ITU T.81 section B.2.2), and that the last scan comes to its end.

    Raises `UnreadableScan`: ``truncated``, ``bad_header``.
    """
    at, size = 2, None
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            raise unreadable("truncated", "no scan")
        marker = data[at + 1]
        if marker in (0x00, 0xFF) or marker in _JPEG_BARE:
            at += 1 if marker == 0xFF else 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _JPEG_SIZES:
            if at + 10 > len(data):
                raise unreadable("truncated")
            bits, rows, columns, channels = struct.unpack_from(">BHHB", data, at + 4)
            size = Size(rows, columns, channels, bits)
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            break
        at += 2 + length
    # Within a scan FF is followed by 00 or a restart marker, so this is the end and nothing else.
    if data.find(b"\xff\xd9", at) < 0:
        raise unreadable("truncated", "no end marker")
    if size is None:
        raise unreadable("bad_header", "no frame header")
    return _checked(size)


def bmp_size(data: bytes) -> Size:
    """BITMAPINFOHEADER or BITMAPCOREHEADER. Raises `UnreadableScan`."""
    offset, length = struct.unpack_from("<II", data, 10)
    if length == 12:
        columns, rows, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    else:
        if len(data) < 34:
            raise unreadable("truncated")
        columns, rows, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    rows = abs(rows)  # negative: stored from the top
    if compression in (0, 3):
        stride = (columns * bits + 31) // 32 * 4
        if columns > 0 and offset + stride * rows > len(data):
            raise unreadable("truncated")
    return _checked(Size(rows, columns, 4 if bits == 32 else 3, 8))


def _checked(size: Size) -> Size:
    if size.rows < 1 or size.columns < 1 or size.channels < 1:
        raise unreadable("bad_header", "a side of length zero")
    return size
