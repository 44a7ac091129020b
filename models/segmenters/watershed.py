"""By watershed: from what is surely object and surely background to the edge between them."""

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.regions import (
    filled,
    main_components,
    object_of,
    opened,
    reduced,
    restored,
)


class Watershed:
    """Floods from Otsu's object, shrunk, and from its background, shrunk, until they meet.

    Meyer 1992, "Color image segmentation", as in cv2; slice by slice. `margin` is what both are
    shrunk by, as a share of the picture's longer side: how far the edge may lie from Otsu's.
    """

    name = "watershed"
    wants: Wants = "display"

    def __init__(self, margin: float = 0.02) -> None:
        """Raises `ValueError` unless margin is above 0 and below 0.5."""
        if not 0 < margin < 0.5:
            raise ValueError(f"margin {margin} is not between 0 and 0.5")
        self.margin = margin

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None for a picture of one grey level; see `Segmenter`."""
        small = reduced(pixels)
        if small.min() == small.max():
            return None
        start = filled(main_components(opened(object_of(small), 1.5), share=0.1))
        reach = max(1.0, self.margin * max(small.shape[-2:]))
        levels = np.rint(small.clip(0, 1) * 255).astype(np.uint8)
        if small.ndim == 2:
            mask = _flooded(levels, start, reach)
        else:
            mask = np.stack(
                [_flooded(one, seed, reach) for one, seed in zip(levels, start, strict=True)]
            )
        return restored(mask, pixels.shape) if mask.any() else None


def _flooded(levels: ByteImage, start: Mask, reach: float) -> Mask:
    inside = cv2.distanceTransform(start.view(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~start).view(np.uint8), cv2.DIST_L2, 5)
    markers = np.zeros(start.shape, np.int32)
    markers[inside > reach] = 2
    markers[outside > reach] = 1
    if not (markers == 2).any() or not (markers == 1).any():
        return start
    smooth = cv2.medianBlur(levels, 5)
    cv2.watershed(cv2.cvtColor(smooth, cv2.COLOR_GRAY2BGR), markers)
    # -1 is the line between the two; cv2 sets the picture's frame to it as well.
    mask = markers == 2
    mask[[0, -1]] = mask[[1, -2]]
    mask[:, [0, -1]] = mask[:, [1, -2]]
    return np.asarray(mask)
