"""By Otsu's threshold: the object against its background."""

from models.arrays import FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.regions import (
    filled,
    main_components,
    object_of,
    opened,
    reduced,
    restored,
)


class Otsu:
    """The brighter or the darker class, whichever the edge of the picture shows less of.

    Its largest components (from a tenth of the largest one up), without specks, holes filled.
    """

    name = "otsu"
    wants: Wants = "display"

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None for a picture of one grey level; see `Segmenter`."""
        small = reduced(pixels)
        if small.min() == small.max():
            return None
        mask = filled(main_components(opened(object_of(small), 1.5), share=0.1))
        return restored(mask, pixels.shape) if mask.any() else None
