"""By a fixed range of CT values."""

from models.arrays import FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.regions import main_components, reduced, restored


class HuRange:
    """What lies from `low_hu` to `high_hu`, ends included; its largest components.

    The default, -150 to 250 HU, is soft tissue with fat's upper end; 150 to 3000 is bone and
    contrast agent.
    """

    name = "hu_range"
    wants: Wants = "unit"

    def __init__(self, low_hu: float = -150.0, high_hu: float = 250.0) -> None:
        """Raises `ValueError` unless low is below high."""
        if not low_hu < high_hu:
            raise ValueError(f"{low_hu} HU is not below {high_hu} HU")
        self.low_hu, self.high_hu = low_hu, high_hu

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None where nothing is in the range; see `Segmenter`."""
        small = reduced(pixels)
        mask = main_components((small >= self.low_hu) & (small <= self.high_hu), share=0.05)
        return restored(mask, pixels.shape) if mask.any() else None
