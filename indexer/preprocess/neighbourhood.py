"""Lengths on a scan's grid, and filters that are a product of one kernel along each axis."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.preprocess.grammar import Quantity
from indexer.scan import Scan
from models.arrays import FloatImage
from models.errors import UsageError

Kernel = NDArray[np.float64]

# Their frames follow each other in time or by view, not in depth.
FRAME_MODALITIES = frozenset({"US", "IVUS", "XA", "RF", "ES", "XC", "GM", "OP", "CR", "DX", "MG"})


def is_sequence(scan: Scan) -> bool:
    """Whether the first axis is frames (filtered one by one) rather than slices in depth.

    So for colour frames, for a spacing without a distance between slices, and for modalities
    that make sequences.
    """
    in_plane_only = scan.spacing_mm is not None and len(scan.spacing_mm) == 2
    return scan.volume and (
        scan.colour or in_plane_only or scan.header.modality in FRAME_MODALITIES
    )


def along_axes(scan: Scan, length: Quantity) -> tuple[float, ...]:
    """A length ("px" or "mm") in pixels along each spatial axis; 0 along the axis of frames.

    Raises `UsageError` for a length in mm where the scan's spacing is not known.
    """
    axes = scan.pixels.ndim - scan.colour
    if length.unit == "mm":
        lengths = tuple(length.value / spacing for spacing in spacing_of(scan, str(length)))
    else:
        lengths = (length.value,) * axes
    return (0.0, *lengths[-2:]) if is_sequence(scan) else lengths


def spacing_of(scan: Scan, wanted: str) -> tuple[float, ...]:
    """The distance between pixels in mm, along each spatial axis (1 along that of frames).

    Raises `UsageError` naming `wanted`, the quantity that needs it, where it is not known.
    """
    spacing = scan.spacing_mm
    if spacing is None or min(spacing, default=0) <= 0:
        unit = "per px" if "/" in wanted else "px"
        raise UsageError(f"{wanted} needs the scan's spacing, and its file has none; give {unit}")
    return (1.0, *spacing[-2:]) if is_sequence(scan) else spacing


def gaussian_kernel(sigma: float, order: int = 0) -> Kernel:
    """A sampled Gaussian of `sigma` pixels, cut at 4 sigma, or its first or second derivative.

    For correlation: that of `scipy.ndimage.gaussian_filter1d`, but for order 2 with a sum of
    exactly zero, so that a flat picture has no curvature however small the sigma.
    """
    radius = int(4 * sigma + 0.5)
    if radius == 0:
        return np.ones(1) if order == 0 else np.zeros(1)
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    kernel = np.exp(-0.5 * (x / sigma) ** 2)
    kernel /= kernel.sum()
    if order == 1:
        kernel *= x / sigma**2
    elif order == 2:
        curved = kernel * (x**2 / sigma**4 - 1 / sigma**2)
        kernel = curved - curved.sum() * kernel
    return np.asarray(kernel)


def correlate(pixels: FloatImage, kernels: Sequence[Kernel]) -> FloatImage:
    """The product of one kernel per spatial axis, correlated with `pixels` (float32).

    Two kernels: a picture (H, W) or (H, W, 3). Three: a volume (D, H, W) or (D, H, W, 3). Beyond
    its edge a scan goes on as its outermost pixels.
    """
    if len(kernels) == 2:
        return _in_plane(pixels, kernels[0], kernels[1])
    volume = np.stack([_in_plane(one, kernels[1], kernels[2]) for one in pixels])
    if kernels[0].size == 1:
        return volume if kernels[0][0] == 1 else volume * np.float32(kernels[0][0])
    flat = volume.reshape(volume.shape[0], -1)
    return _in_plane(flat, kernels[0], np.ones(1)).reshape(volume.shape)


def _in_plane(plane: FloatImage, rows: Kernel, columns: Kernel) -> FloatImage:
    result = cv2.sepFilter2D(
        np.ascontiguousarray(plane), cv2.CV_32F, columns, rows, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(result, dtype=np.float32)
