"""Descriptors of a picture: pixels (and a mask) in, one unit vector out.

A new one is a file here and a line in `TABLE`.
"""

from typing import Protocol

from models.arrays import FloatImage, Mask
from models.table import load as _load

TABLE = {
    "colour": "models.descriptors.colour:ColourHistogram",
    "edge": "models.descriptors.edge:EdgeHistogram",
}

BLOCKS = ("colour", "edge", "embedding", "text")
"""The blocks of a scan's vector, in the order in which they stand side by side."""


class Descriptor(Protocol):
    """What `indexer.describe` asks of a descriptor."""

    name: str
    dim: int

    def describe(self, image: FloatImage, mask: Mask | None = None) -> FloatImage:
        """The descriptor of one picture.

        `image`: float32, (H, W) grey or (H, W, 3) RGB, range 0..1. `mask`: bool (H, W); only what
        is inside counts. Returns float32 (dim,) of unit length, or zeros where there is nothing
        to describe.
        """
        ...


def load(name: str) -> Descriptor:
    """The descriptor of that name, with its default settings."""
    descriptor: Descriptor = _load(TABLE, name, "descriptor")()
    return descriptor
