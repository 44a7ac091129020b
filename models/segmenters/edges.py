"""By edges: strong gradients, joined into outlines, filled."""

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage, Mask
from models.segmenters import Wants
from models.segmenters.regions import (
    closed,
    filled,
    main_components,
    opened,
    reduced,
    restored,
    slicewise,
)


class Edges:
    """Outlines are where the gradient is above Otsu's threshold of all gradients of the scan.

    They are closed over gaps of 1/40 of the picture and filled; what does not enclose anything
    falls away, and the largest regions stay.
    """

    name = "edges"
    wants: Wants = "display"

    def segment(self, pixels: FloatImage, spacing_mm: tuple[float, ...] | None) -> Mask | None:
        """The mask, or None where no outline closes; see `Segmenter`."""
        small = reduced(pixels)
        strength = slicewise(small, _gradient)
        top = float(strength.max())
        if top < 0.01:  # of a range of 0..1: noise
            return None
        levels = np.rint(strength / top * 255).astype(np.uint8)
        flat = levels.reshape(-1, levels.shape[-1])
        threshold, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        gap = max(small.shape[-2:]) / 80
        outlines = closed(levels > threshold, gap)
        mask = main_components(opened(_enclosed(outlines), 2 * gap), share=0.1)
        return restored(mask, pixels.shape) if mask.any() else None


def _gradient(picture: FloatImage) -> FloatImage:
    smooth = cv2.GaussianBlur(picture, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE)
    across = cv2.Scharr(smooth, cv2.CV_32F, 1, 0, scale=1 / 32, borderType=cv2.BORDER_REPLICATE)
    down = cv2.Scharr(smooth, cv2.CV_32F, 0, 1, scale=1 / 32, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32)


def _enclosed(outlines: Mask) -> Mask:
    def change(one: ByteImage) -> Mask:
        contours, _ = cv2.findContours(one, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        drawn = np.zeros_like(one)
        cv2.drawContours(drawn, contours, -1, 1, cv2.FILLED)
        return np.asarray(drawn > 0)

    return filled(np.asarray(slicewise(outlines.view(np.uint8), change), dtype=np.bool_))
