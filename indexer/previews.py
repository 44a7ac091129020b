"""Previews on their way to the sandboxed workers, where they are decoded.

A preview was written by a worker that had opened a file of unknown origin, so it is no more to be
trusted than that file: nothing but a worker decodes it (`indexer.preview_jobs`).
"""

import base64
from collections.abc import Iterator, Sequence

_MOST_BYTES = 2 << 20
"""Of previews in one message; as text they take a third more, and a message's header has 4 MiB."""


def as_text(previews: Sequence[bytes]) -> list[str]:
    """JPEGs as a worker's params hold them."""
    return [base64.b64encode(preview).decode("ascii") for preview in previews]


def chunks(sizes: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Where to cut a sequence of previews of these many bytes, so that each part is one message.

    Gives (start, end) of parts of at most `most` previews.
    """
    start, held = 0, 0
    for place, size in enumerate(sizes):
        if place > start and (place - start >= most or held + size > _MOST_BYTES):
            yield start, place
            start, held = place, 0
        held += size
    if len(sizes):
        yield start, len(sizes)
