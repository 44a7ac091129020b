"""The body on a CT: without the air around it, the table and the blankets."""

from models.arrays import FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.regions import (
    filled,
    main_components,
    opened,
    pixel_mm_of,
    reduced,
    restored,
)

SKIN_HU = -300.0
_CONTACT_MM = 1.5  # half of the width of a contact between skin and cloth that is cut
_TABLE_MM = 4.0  # half of the thickness that a table's plate stays below


def body_of(values: FloatImage, pixel_mm: float) -> Mask:
    """The body in CT values (HU), with the air inside it, at the size given."""
    # Filled before it is opened: a thin patient's chest wall is no thicker than a table's plate.
    dense = opened(values > SKIN_HU, _CONTACT_MM / pixel_mm)
    whole = filled(main_components(dense, share=0.2))
    return main_components(opened(whole, _TABLE_MM / pixel_mm), share=0.2)


class CtBody:
    """All that is denser than -300 HU and not thin, its largest components, holes filled.

    Two legs are two components; whatever is below a fifth of the largest one is left out.
    """

    name = "ct_body"
    wants: Wants = "unit"

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None for a scan of air; see `Segmenter`. `pixels` in HU."""
        small = reduced(pixels)
        mask = body_of(small, pixel_mm_of(small.shape[-1], pixels.shape[-1], spacing_mm))
        return restored(mask, pixels.shape) if mask.any() else None
