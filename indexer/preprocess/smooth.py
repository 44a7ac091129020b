"""Smoothing: mean, median, Gaussian. Colour is smoothed channel by channel."""

from dataclasses import replace

import cv2
import numpy as np

from indexer.preprocess.grammar import Quantity
from indexer.preprocess.neighbourhood import along_axes, correlate, gaussian_kernel
from indexer.scan import Scan
from models.arrays import FloatImage


def mean(scan: Scan, size: Quantity) -> Scan:
    """The mean of a box of `size`, as `scipy.ndimage.uniform_filter(mode="nearest")`."""
    kernels = [np.full(n, 1 / n) for n in _odd(along_axes(scan, size))]
    return replace(scan, pixels=correlate(scan.pixels, kernels))


def gaussian(scan: Scan, sigma: Quantity) -> Scan:
    """Gaussian smoothing, as `scipy.ndimage.gaussian_filter(mode="nearest", truncate=4)`."""
    kernels = [gaussian_kernel(pixels) for pixels in along_axes(scan, sigma)]
    return replace(scan, pixels=correlate(scan.pixels, kernels))


def median(scan: Scan, size: Quantity) -> Scan:
    """The median of a box of `size`, as `scipy.ndimage.median_filter(mode="nearest")`.

    Fast on pictures for 3 and 5 pixels; larger boxes and volumes are SciPy's own work, about 0.1 s
    a slice of 512 x 512 for 3 x 3 x 3.
    """
    sizes = _odd(along_axes(scan, size))
    pixels = scan.pixels
    if len(sizes) == 2:
        return replace(scan, pixels=_median_of_picture(pixels, sizes))
    if sizes[0] == 1:
        slices = [_median_of_picture(one, sizes[1:]) for one in pixels]
        return replace(scan, pixels=np.stack(slices))
    return replace(scan, pixels=_median_by_scipy(pixels, sizes))


def _odd(lengths: tuple[float, ...]) -> tuple[int, ...]:
    # The odd number of pixels nearest to a length; at least the pixel itself.
    return tuple(2 * int(length / 2) + 1 for length in lengths)


def _median_of_picture(picture: FloatImage, sizes: tuple[int, ...]) -> FloatImage:
    if sizes[0] != sizes[1] or sizes[0] > 5:
        return _median_by_scipy(picture, sizes)
    if sizes[0] == 1:
        return picture
    # cv2 takes float32 for 3 and 5 only, and continues the outermost pixels as SciPy's "nearest".
    return np.asarray(cv2.medianBlur(np.ascontiguousarray(picture), sizes[0]), dtype=np.float32)


def _median_by_scipy(pixels: FloatImage, sizes: tuple[int, ...]) -> FloatImage:
    from scipy.ndimage import median_filter

    box = (*sizes, *(1,) * (pixels.ndim - len(sizes)))
    return np.asarray(median_filter(pixels, size=box, mode="nearest"), dtype=np.float32)
