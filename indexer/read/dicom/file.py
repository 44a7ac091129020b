"""A DICOM file opened up to its pixels, which stay on the disk until they are asked for."""

import struct
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from indexer.read.contract import Limits
from indexer.read.dicom.values import text
from indexer.read.inflate import RAW, inflate
from indexer.read.reasons import unreadable

PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})  # float, double, integer
_LONG_LENGTH = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_UNDEFINED = 0xFFFFFFFF
_MOST_BYTES = 64 << 20  # of one element beside the pixels: a forged length must not be allocated


@dataclass(slots=True)
class _PixelElement:
    tag: int = 0
    vr: str | None = None
    length: int = 0

    def reached(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        """Pydicom asks at each element whether to stop; keep where that was."""
        if tag not in PIXEL_TAGS:
            return False
        self.tag, self.vr, self.length = int(tag), vr, length
        return True


@dataclass(frozen=True, slots=True)
class Opened:
    """A data set without its pixels, and where those are.

    `transfer_syntax`: UID, guessed from the encoding where the file does not say. `pixel_tag`: 0 if
    the file has no pixels. `available`: bytes of pixels that are really there. `declared`: bytes
    that the element says it has, None if that is left open (compressed pixels).
    """

    dataset: Dataset
    transfer_syntax: str
    pixel_tag: int
    pixel_vr: str
    offset: int
    declared: int | None
    available: int
    source: bytes | Path

    def with_pixels(self) -> Dataset:
        """The data set with its pixel element, read now."""
        if isinstance(self.source, bytes):
            value = self.source[self.offset : self.offset + self.available]
        else:
            with self.source.open("rb") as file:
                file.seek(self.offset)
                value = file.read(self.available)
        self.dataset.add_new(self.pixel_tag, self.pixel_vr, value)
        return self.dataset


def open_dicom(path: Path, limits: Limits, tags: list[int | BaseTag] | None = None) -> Opened:
    """Parse a file up to its pixels; with `tags`, only those elements are kept.

    Raises `UnreadableScan` for what grows beyond the limits; pydicom's own errors for the rest,
    which `indexer.read.dicom` translates.
    """
    element = _PixelElement()
    with path.open("rb") as file:
        start, syntax = _after_meta(file)
        if syntax == DeflatedExplicitVRLittleEndian:
            file.seek(start)
            return _deflated(file, limits, element, tags)
        file.seek(0)
        dataset = read_partial(file, element.reached, _MOST_BYTES, force=True, specific_tags=tags)
        here, end = file.tell(), file.seek(0, 2)
    return _opened(dataset, _syntax(dataset), element, (here, end), path)


def _deflated(
    file: BinaryIO, limits: Limits, element: _PixelElement, tags: list[int | BaseTag] | None
) -> Opened:
    """PS3.5 section A.5. Unfolded here, because pydicom does it without any limit."""
    content = inflate(file, RAW, limits.max_inflated_bytes + 1)
    if len(content) > limits.max_inflated_bytes:
        raise unreadable("too_large", f"unfolds to more than {limits.max_inflated_bytes:,} bytes")
    stream = BytesIO(content)
    dataset = read_dataset(
        stream, False, True, stop_when=element.reached, defer_size=_MOST_BYTES, specific_tags=tags
    )
    where = (stream.tell(), len(content))
    return _opened(dataset, str(ExplicitVRLittleEndian), element, where, content)


def _opened(
    dataset: Dataset,
    syntax: str,
    element: _PixelElement,
    where: tuple[int, int],
    source: bytes | Path,
) -> Opened:
    here, end = where
    offset = here + (12 if element.vr in _LONG_LENGTH else 8)
    declared = None if element.length == _UNDEFINED else element.length
    there = max(0, end - offset)
    return Opened(
        dataset=dataset,
        transfer_syntax=syntax,
        pixel_tag=element.tag,
        pixel_vr=element.vr or "OW",
        offset=offset,
        declared=declared,
        available=there if declared is None else min(there, declared),
        source=source,
    )


def _syntax(dataset: FileDataset) -> str:
    """The transfer syntax that the file names, or the one that it was evidently written in."""
    named = text(getattr(dataset, "file_meta", FileMetaDataset()), "TransferSyntaxUID")
    if named:
        return named
    implicit, little = dataset.original_encoding
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def _after_meta(file: BinaryIO) -> tuple[int, str]:
    """Where the file meta information (PS3.10 section 7.1) ends, and the transfer syntax in it.

    The elements are walked one by one: the group length is wrong or missing in too many files.
    """
    head = file.read(132)
    at = 132 if head[128:] == b"DICM" else 0
    syntax = ""
    while True:
        file.seek(at)
        start = file.read(12)
        if len(start) < 12 or start[:2] != b"\x02\x00" or not start[4:6].isalpha():
            return at, syntax
        long = start[4:6].decode("latin-1") in _LONG_LENGTH
        length = (
            struct.unpack_from("<I", start, 8)[0] if long else struct.unpack("<H", start[6:8])[0]
        )
        at += (12 if long else 8) + length
        if start[2:4] == b"\x10\x00":
            file.seek(at - length)
            syntax = file.read(min(length, 64)).decode("latin-1").strip("\0 ")
