"""Highlighting: a chosen kind of structure shown bright over the dimmed picture.

Colour pictures are looked at by their lightness and stay coloured.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from indexer.preprocess.grammar import Quantity
from indexer.preprocess.lightness import lightness
from indexer.preprocess.neighbourhood import along_axes, correlate, gaussian_kernel
from indexer.scan import Scan
from models.arrays import FloatImage, Mask
from models.errors import UsageError

_FAINTEST = 0.01  # responses below this, of a range of 0..1, are noise and are not stretched
_COARSEST = 0.5  # sigma in pixels below which a derivative along an axis means nothing


def highlight(
    scan: Scan, structure: str, scale: Quantity, strength: Quantity, *, mask: Mask | None = None
) -> Scan:
    """The picture dimmed by `strength` (0..1), and the structure shown as bright as `strength`.

    `scale` is the sigma at which it is looked for: about half of a line's width, 0.7 of a blob's
    radius. Slices that lie further apart than twice that are looked at one by one. With "mask" the
    inside stays as it is and the outside is dimmed.

    Raises `UsageError` for "mask" without a mask or with one of another shape.
    """
    weight = np.float32(strength.value)
    if structure == "mask":
        found = _checked(scan, mask).astype(np.float32)
        levels = scan.pixels * _spread(1 - weight * (1 - found), scan)
        return replace(scan, pixels=levels)
    grey = lightness(scan.pixels, scan.colour)
    sigmas = along_axes(scan, scale)
    if scan.volume and sigmas[0] < _COARSEST:
        sigmas = (0.0, *sigmas[1:])
    found = _normalised(_response(grey, structure, sigmas), scan.valid)
    levels = (1 - weight) * scan.pixels + _spread(weight * found, scan)
    return replace(scan, pixels=levels)


def _response(grey: FloatImage, structure: str, sigmas: tuple[float, ...]) -> FloatImage:
    if structure == "edges":
        return gradient(grey, sigmas)
    if structure in ("vessels", "dark-vessels"):
        lines = grey if structure == "vessels" else -grey
        wider = [2 * sigma for sigma in sigmas]
        return np.asarray(np.maximum(ridges(lines, sigmas), ridges(lines, wider)))
    sign = np.float32(-1 if structure == "bright" else 1)
    return np.asarray(np.maximum(sign * laplacian(grey, sigmas), 0))


def gradient(grey: FloatImage, sigmas: Sequence[float]) -> FloatImage:
    """Length of the scale-normalised gradient.

    Sigma times `scipy.ndimage.gaussian_gradient_magnitude`.
    """
    total = np.zeros_like(grey)
    for axis, sigma in enumerate(sigmas):
        total += (np.float32(sigma) * _derivative(grey, sigmas, (axis,))) ** 2
    return np.sqrt(total)


def laplacian(grey: FloatImage, sigmas: Sequence[float]) -> FloatImage:
    """Scale-normalised Laplacian, as `scipy.ndimage.gaussian_laplace` times sigma squared."""
    total = np.zeros_like(grey)
    for axis, sigma in enumerate(sigmas):
        total += np.float32(sigma**2) * _derivative(grey, sigmas, (axis, axis))
    return total


def ridges(grey: FloatImage, sigmas: Sequence[float]) -> FloatImage:
    """How much each pixel lies on a bright line: across it the second derivatives are strong.

    Sato 1998, "Three-dimensional multi-scale line filter", as `skimage.filters.sato` at one scale.
    """
    axes = [axis for axis, sigma in enumerate(sigmas) if sigma > 0]
    hessian = np.empty((*grey.shape, len(axes), len(axes)), np.float32)
    for i, first in enumerate(axes):
        for j, second in enumerate(axes[: i + 1]):
            factor = np.float32(sigmas[first] * sigmas[second])
            value = factor * _derivative(grey, sigmas, (first, second))
            hessian[..., i, j] = hessian[..., j, i] = value
    across = len(axes) - 1
    strong = np.maximum(-_eigenvalues(hessian)[..., :across], 0).prod(axis=-1)
    return np.asarray(strong ** np.float32(1 / across), dtype=np.float32)


def _eigenvalues(hessian: FloatImage) -> FloatImage:
    # Ascending. LAPACK is slow on many small matrices, and two by two has a formula.
    if hessian.shape[-1] != 2:
        return np.linalg.eigvalsh(hessian)
    a, b, d = hessian[..., 0, 0], hessian[..., 0, 1], hessian[..., 1, 1]
    middle, half = (a + d) / 2, np.sqrt(((a - d) / 2) ** 2 + b**2)
    return np.stack([middle - half, middle + half], axis=-1)


def _derivative(grey: FloatImage, sigmas: Sequence[float], axes: tuple[int, ...]) -> FloatImage:
    kernels = [gaussian_kernel(s, axes.count(axis)) for axis, s in enumerate(sigmas)]
    return correlate(grey, kernels)


def _normalised(response: FloatImage, valid: Mask | None) -> FloatImage:
    measured = response if valid is None else response[valid]
    if measured.size == 0:
        return response
    top = max(float(np.percentile(measured, 99.5)), _FAINTEST)
    return np.asarray(np.minimum(response / np.float32(top), 1))


def _checked(scan: Scan, mask: Mask | None) -> Mask:
    shape = scan.pixels.shape[:-1] if scan.colour else scan.pixels.shape
    if mask is None:
        raise UsageError("step 'highlight:mask' needs a mask, and this scan has none; give one")
    if mask.shape != shape:
        raise UsageError(
            f"step 'highlight:mask': the mask is {mask.shape} and the scan is {shape}; "
            "they must be of one shape"
        )
    return mask


def _spread(levels: FloatImage, scan: Scan) -> FloatImage:
    return levels[..., None] if scan.colour else levels
