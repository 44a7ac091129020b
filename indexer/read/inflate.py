"""Decompression that cannot explode: a few kilobytes may otherwise unfold to many gigabytes."""

import zlib
from typing import BinaryIO

from indexer.read.reasons import unreadable

GZIP = 31  # zlib's window size for a gzip member
RAW = -15  # a bare deflate stream, as in DICOM PS3.5 section A.5
_CHUNK = 1 << 20


def inflate(source: BinaryIO, window: int, at_most: int) -> bytes:
    """The first `at_most` bytes of what `source` unfolds to, from where it stands.

    Fewer, if the stream ends before. Raises `UnreadableScan`: ``damaged_pixels`` for what is not a
    deflate stream. A stream that breaks off gives what there is: the caller knows what it needs.
    """
    unfolder = zlib.decompressobj(window)
    out = bytearray()
    pending = b""
    while len(out) < at_most and not unfolder.eof:
        pending = pending or source.read(_CHUNK)
        if not pending:
            break
        try:
            out += unfolder.decompress(pending, at_most - len(out))
        except zlib.error:
            raise unreadable("damaged_pixels", "the compressed stream is broken") from None
        pending = unfolder.unconsumed_tail
    return bytes(out)
