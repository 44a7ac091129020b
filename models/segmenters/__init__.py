"""Segmenters: a picture or a volume in, a mask out.

A new one is a file here and a line in `TABLE`.
"""

from typing import Literal, Protocol

from models.arrays import FloatImage, Mask
from models.errors import UsageError
from models.table import load as _load

TABLE: dict[str, str] = {
    "chest_lungs": "models.segmenters.chest_lungs:ChestLungs",
    "ct_body": "models.segmenters.ct_body:CtBody",
    "ct_lungs": "models.segmenters.ct_lungs:CtLungs",
    "edges": "models.segmenters.edges:Edges",
    "hu_range": "models.segmenters.hu_range:HuRange",
    "otsu": "models.segmenters.otsu:Otsu",
    "watershed": "models.segmenters.watershed:Watershed",
}

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


def load(method: str) -> Segmenter:
    """The segmenter of that name, with settings where they are given: ``hu_range:150,3000``.

    Raises `UsageError` for a name that does not exist and for settings that do not fit it.
    """
    name, _, given = method.partition(":")
    factory = _load(TABLE, name.strip(), "segmenter")
    try:
        segmenter: Segmenter = factory(*(float(text) for text in given.split(",") if text.strip()))
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"segmenter {method!r}: {given!r} does not fit; write numbers after the name "
            "where it takes any, e.g. hu_range:150,3000"
        ) from error
    return segmenter
