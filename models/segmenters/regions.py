"""What segmenters do to regions: reduce and restore, open and close, fill, keep the largest.

Masks are bool, (H, W) or (D, H, W). What is done in the plane is done slice by slice; components
are followed through the slices.
"""

from collections.abc import Callable

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage, Mask

PICTURE_SIDE = 512  # pixels; larger pictures are segmented at this size
SLICE_SIDE = 256  # of a volume's slices, which keeps a CT at a few ms a slice


def reduced(pixels: FloatImage) -> FloatImage:
    """Pixels at the size that is segmented: the longer side at most 512, or 256 in volumes.

    Areas are averaged, which also lowers noise. Smaller scans stay as they are.
    """
    longest = PICTURE_SIDE if pixels.ndim == 2 else SLICE_SIDE
    height, width = pixels.shape[-2:]
    if max(height, width) <= longest:
        return pixels
    factor = longest / max(height, width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return slicewise(pixels, lambda one: cv2.resize(one, size, interpolation=cv2.INTER_AREA))


def restored(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask at the scan's own size, its border interpolated."""
    if mask.shape == shape:
        return mask
    size = (shape[-1], shape[-2])
    grown = slicewise(mask.view(np.uint8) * np.uint8(255), lambda one: cv2.resize(one, size))
    return np.asarray(grown > 127)


def pixel_mm_of(width: int, full_width: int, spacing_mm: tuple[float, ...] | None) -> float:
    """The size in mm of a pixel after `reduced`; 0.8, a usual CT's, before it where not known."""
    full = spacing_mm[-1] if spacing_mm and spacing_mm[-1] > 0 else 0.8
    return full * full_width / width


def slicewise(pixels: FloatImage | ByteImage, change: Callable[..., object]) -> FloatImage:
    """`change` applied to a picture, or to each slice of a volume."""
    if pixels.ndim == 2:
        return np.asarray(change(pixels))
    return np.stack([np.asarray(change(one)) for one in pixels])


def opened(mask: Mask, radius: float) -> Mask:
    """Without what is thinner than a disc of `radius` pixels."""
    return ~closed(~mask, radius)


def closed(mask: Mask, radius: float) -> Mask:
    """With its gaps that a disc of `radius` pixels does not pass filled.

    By two distance transforms: exact for any radius, and its time does not grow with it. Beyond its
    edge the picture goes on as its outermost pixels.
    """

    def change(one: ByteImage) -> Mask:
        border = int(radius) + 2
        wide = np.asarray(
            cv2.copyMakeBorder(one, *(border,) * 4, cv2.BORDER_REPLICATE), dtype=np.uint8
        )
        grown = _distance(1 - wide) <= radius
        shrunk = _distance(grown.view(np.uint8)) > radius
        return np.asarray(shrunk[border:-border, border:-border]) | (one > 0)

    return np.asarray(slicewise(mask.view(np.uint8), change), dtype=np.bool_)


def filled(mask: Mask) -> Mask:
    """With its holes: what the slice's edge cannot be reached from."""

    def change(one: ByteImage) -> Mask:
        wide = cv2.copyMakeBorder(one, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        cv2.floodFill(wide, None, (0, 0), 2)
        return np.asarray(wide[1:-1, 1:-1] != 2)

    return np.asarray(slicewise(mask.view(np.uint8), change), dtype=np.bool_)


def main_components(mask: Mask, share: float) -> Mask:
    """The connected components with at least `share` (0..1) of the largest one's pixels."""
    if mask.ndim == 2:
        count, labels = cv2.connectedComponents(mask.view(np.uint8))
    else:
        from scipy.ndimage import label

        labels, count = label(mask)
        count += 1
    sizes = np.bincount(labels.ravel(), minlength=count)
    sizes[0] = 0
    return np.asarray((sizes >= max(share * sizes.max(), 1))[labels])


def otsu_levels(pixels: FloatImage) -> tuple[ByteImage, float]:
    """Pixels (range 0..1) in 8 bits, and the threshold between the two classes that Otsu's method
    finds in them.

    Otsu 1979, "A threshold selection method from gray-level histograms".
    """
    levels = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
    flat = np.ascontiguousarray(levels).reshape(-1, levels.shape[-1])
    threshold, _ = cv2.threshold(flat, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return levels, float(threshold)


def object_of(pixels: FloatImage) -> Mask:
    """Of the two classes that Otsu's method finds, the one that the slices' edges show less of."""
    levels, threshold = otsu_levels(pixels)
    bright = levels > threshold
    edge = np.concatenate(
        [bright[..., 0, :], bright[..., -1, :], bright[..., :, 0], bright[..., :, -1]], axis=-1
    )
    return np.asarray(~bright if edge.mean() > 0.5 else bright)


def _distance(mask: ByteImage) -> FloatImage:
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), dtype=np.float32)
