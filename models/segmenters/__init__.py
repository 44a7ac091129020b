"""Segmenters: a picture or a volume in, a mask out.

A new one is a file here and a line in `TABLE`.
"""

from typing import Literal, Protocol

from models.arrays import FloatImage, Mask
from models.table import load as _load

TABLE: dict[str, str] = {}

Wants = Literal["unit", "display"]


class Segmenter(Protocol):
    """What `indexer.segment` asks of a segmenter.

    `wants` is "unit" for one that works on measured values (HU) and "display" for one that works
    on the preprocessed picture (range 0..1).
    """

    name: str
    wants: Wants

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, bool, of the shape of `pixels`: float32 (H, W) or (D, H, W).

        None where nothing plausible was found.
        """
        ...


def load(name: str) -> Segmenter:
    """The segmenter of that name, with its default settings."""
    segmenter: Segmenter = _load(TABLE, name, "segmenter")()
    return segmenter
