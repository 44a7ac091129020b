"""The directories of a TIFF file (TIFF 6.0 section 2; BigTIFF): size and kind of every page."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from indexer.read.picture.sizes import Size
from indexer.read.reasons import unreadable

MOST_PAGES = 10_000
_TYPES = {1: "B", 2: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q"}
_COLUMNS, _ROWS, _BITS, _PHOTOMETRIC, _SAMPLES = 256, 257, 258, 262, 277
_SUBFILE, _FORMAT = 254, 339
_PARTS = ((273, 279), (324, 325))  # where strips or tiles begin, and their lengths
_WANTED = frozenset({_COLUMNS, _ROWS, _BITS, _PHOTOMETRIC, _SAMPLES, _SUBFILE, _FORMAT}) | {
    tag for pair in _PARTS for tag in pair
}
_SIGNED, _FLOAT = 2, 3


@dataclass(frozen=True, slots=True)
class Page:
    """`extra`: a thumbnail or a mask of another page. `white_is_zero`: low values are bright."""

    size: Size
    extra: bool
    white_is_zero: bool
    signed: bool
    floating: bool


def tiff_pages(data: bytes) -> list[Page]:
    """All pages, in order.

    Raises `UnreadableScan`: ``truncated`` if a directory or a strip lies beyond the end of the
    file, ``bad_header`` for what is no TIFF.
    """
    try:
        pages = [_page(fields, len(data)) for fields in _directories(data)]
    except struct.error:
        raise unreadable("truncated") from None
    if not pages:
        raise unreadable("bad_header", "no page")
    return pages


def _directories(data: bytes) -> Iterator[dict[int, tuple[int, ...]]]:
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    seen: set[int] = set()
    while at:
        if at in seen or len(seen) >= MOST_PAGES:
            raise unreadable("bad_header", "the pages never end")
        seen.add(at)
        (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
        at += 8 if big else 2
        width = 20 if big else 12
        if at + count * width > len(data):
            raise unreadable("truncated")
        entries = (at + index * width for index in range(count))
        yield dict(filter(None, (_field(data, entry, order, big) for entry in entries)))
        (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, at + count * width)


def _field(data: bytes, at: int, order: str, big: bool) -> tuple[int, tuple[int, ...]] | None:
    """Tag and values of one entry, None for what is not wanted."""
    tag, kind = struct.unpack_from(order + "HH", data, at)
    if tag not in _WANTED or kind not in _TYPES:
        return None
    (count,) = struct.unpack_from(order + ("Q" if big else "I"), data, at + 4)
    one = struct.calcsize(_TYPES[kind])
    place = at + (12 if big else 8)
    if count * one > (8 if big else 4):
        (place,) = struct.unpack_from(order + ("Q" if big else "I"), data, place)
    if place + count * one > len(data):
        raise unreadable("truncated")
    return tag, struct.unpack_from(f"{order}{count}{_TYPES[kind]}", data, place)


def _page(fields: dict[int, tuple[int, ...]], length: int) -> Page:
    def first(tag: int, otherwise: int) -> int:
        return (fields.get(tag) or (otherwise,))[0]

    size = Size(first(_ROWS, 0), first(_COLUMNS, 0), first(_SAMPLES, 1), first(_BITS, 1))
    if size.rows < 1 or size.columns < 1 or size.channels < 1:
        raise unreadable("bad_header", "a side of length zero")
    for begins, lengths in _PARTS:
        for begin, extent in zip(fields.get(begins, ()), fields.get(lengths, ()), strict=False):
            if begin + extent > length:
                raise unreadable("truncated")
    return Page(
        size=size,
        extra=bool(first(_SUBFILE, 0) & 0b101),
        white_is_zero=first(_PHOTOMETRIC, 1) == 0,
        signed=first(_FORMAT, 1) == _SIGNED,
        floating=first(_FORMAT, 1) == _FLOAT,
    )
