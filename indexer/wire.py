"""Messages between this process and a worker: a JSON header and raw arrays, and never pickle.

A worker opens files that nobody has checked. If one of them takes it over, what it can send back is
numbers and text that are validated here, not code. The layout, little-endian:

    magic 4 bytes | header length uint32 | length of everything that follows uint64
    header: JSON {"meta": ..., "arrays": [[name, dtype, shape], ...]}, padded with spaces
    the arrays in that order, C-contiguous, each padded to a multiple of 16 bytes
"""

import json
import math
import socket
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import CbirError

Meta = dict[str, Any]
Arrays = dict[str, NDArray[Any]]
Buffer = bytes | memoryview

PREFIX = struct.Struct("<4sIQ")
MAGIC = b"cbw1"
ALIGNMENT = 16  # so that no array starts at an address that its type does not allow
DTYPES = frozenset(
    ("|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8")
)
MOST_ARRAYS = 1000
MOST_AXES = 8
LARGEST_HEADER = 4 << 20
LARGEST_MESSAGE = 128 << 20


class WireError(CbirError):
    """A message is not one that a sound worker sends."""


def encode(meta: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> list[Buffer]:
    """The message as buffers to be written one after the other; arrays are not copied.

    `meta` is anything that JSON holds. Raises `WireError` for a dtype outside `DTYPES`, TypeError
    or ValueError for a `meta` that is not JSON.
    """
    table: list[tuple[str, str, tuple[int, ...]]] = []
    bodies: list[Buffer] = []
    size = 0
    for name, array in arrays.items():
        plain = _little_endian(name, array)
        table.append((name, plain.dtype.str, plain.shape))
        if plain.nbytes:
            bodies.append(plain.data.cast("B"))
            bodies.append(bytes(-plain.nbytes % ALIGNMENT))
            size += _padded(plain.nbytes)
    header = json.dumps({"meta": meta, "arrays": table}, separators=(",", ":")).encode("ascii")
    header += b" " * (-len(header) % ALIGNMENT)
    prefix = PREFIX.pack(MAGIC, len(header), len(header) + size)
    return [prefix + header, *(body for body in bodies if len(body))]


def decode(message: bytes | bytearray) -> tuple[Meta, Arrays]:
    """What `encode` was given; the arrays share the memory of `message` (boolean ones are copies).

    Raises `WireError` for anything that `encode` would not have written.
    """
    header_size, rest = _measure(message[: PREFIX.size], LARGEST_MESSAGE)
    if PREFIX.size + rest != len(message):
        raise WireError(f"a message of {len(message)} bytes announces {PREFIX.size + rest}")
    meta, table = _header(message[PREFIX.size : PREFIX.size + header_size])
    at = PREFIX.size + header_size
    arrays: Arrays = {}
    for entry in table:
        name, dtype, shape = _checked(entry)
        count = math.prod(shape)
        size = count * dtype.itemsize
        if name in arrays or at + _padded(size) > len(message):
            raise WireError("a message repeats an array or holds less than its header says")
        flat = np.frombuffer(message, dtype, count, at)
        # Bytes other than 0 and 1 in a boolean array make numpy count wrongly.
        arrays[name] = (flat.view(np.uint8) != 0 if dtype == np.bool_ else flat).reshape(shape)
        at += _padded(size)
    if at != len(message):
        raise WireError("a message holds more than its header says")
    return meta, arrays


class MessageReader:
    """Collects messages from a socket, one at a time, blocking or not."""

    def __init__(self, largest: int = LARGEST_MESSAGE) -> None:
        """`largest`: bytes of a message, above which it is refused unread."""
        self._largest = largest
        self._buffer = bytearray(PREFIX.size)
        self._filled = 0

    @property
    def begun(self) -> bool:
        """Whether a part of the next message is here already."""
        return self._filled > 0

    def read(self, link: socket.socket) -> bytearray | None:
        """Take what is there; the message if that completes it, else None.

        Raises EOFError when the other side has ended, `WireError` for what is no message or one
        above the limit, BlockingIOError when a non-blocking socket has nothing.
        """
        with memoryview(self._buffer) as view:
            got = link.recv_into(view[self._filled :])
        if not got:
            raise EOFError
        self._filled += got
        if self._filled == PREFIX.size:
            whole = bytearray(PREFIX.size + _measure(self._buffer, self._largest)[1])
            whole[: PREFIX.size] = self._buffer
            self._buffer = whole
        if self._filled < len(self._buffer):
            return None
        message, self._buffer, self._filled = self._buffer, bytearray(PREFIX.size), 0
        return message


def _measure(prefix: bytes | bytearray, largest: int) -> tuple[int, int]:
    """Sizes in bytes of the header, and of everything after the prefix."""
    if len(prefix) < PREFIX.size:
        raise WireError("a message is shorter than its prefix")
    magic, header, rest = PREFIX.unpack(prefix)
    if magic != MAGIC:
        raise WireError("what came is not a message")
    if rest > largest or header > min(rest, LARGEST_HEADER) or header % ALIGNMENT or not header:
        raise WireError(f"a message of {rest} bytes with a header of {header} is not accepted")
    return header, rest


def _header(raw: bytes | bytearray) -> tuple[Meta, list[Any]]:
    try:
        header = json.loads(raw)
    except (ValueError, RecursionError) as fault:
        raise WireError("the header of a message is not JSON") from fault
    if not isinstance(header, dict) or set(header) != {"meta", "arrays"}:
        raise WireError("the header of a message must hold `meta` and `arrays`")
    meta, table = header["meta"], header["arrays"]
    if not isinstance(meta, dict) or not isinstance(table, list) or len(table) > MOST_ARRAYS:
        raise WireError("the header of a message has the wrong form")
    return meta, table


def _checked(entry: object) -> tuple[str, np.dtype[Any], tuple[int, ...]]:
    match entry:
        case [str() as name, str() as dtype, list() as shape] if dtype in DTYPES:
            pass
        case _:
            raise WireError("an array is not described by name, known dtype and shape")
    # `type(...) is int`: JSON's true would pass for 1.
    if len(shape) > MOST_AXES or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise WireError("an array has a shape that cannot be")
    return name, np.dtype(dtype), tuple(shape)


def _little_endian(name: str, array: NDArray[Any]) -> NDArray[Any]:
    plain = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    if plain.dtype.str not in DTYPES:
        raise WireError(f"array {name!r} has dtype {array.dtype}, which does not go by wire")
    return plain


def _padded(size: int) -> int:
    return size + -size % ALIGNMENT
