"""Poisson blending: a patch takes on the levels of what it is laid into, and keeps its own detail.

Perez 2003, "Poisson image editing". OpenCV's `seamlessClone` has 8 bits; this one keeps all.
"""

import cv2
import numpy as np

from models.arrays import FloatImage, Mask

_GRID = 64  # longer side of the grid on which the smooth correction is solved
_FEATHER = 0.15  # of the patch's radius


def blended(target: FloatImage, patch: FloatImage, mask: Mask) -> FloatImage:
    """`target` with `patch` in it: float32 (H, W) or (H, W, 3), both of one shape.

    `mask`: bool (H, W), not empty and not touching the edges' pixels of the frame. Inside it is the
    patch plus the harmonic function that is target minus patch all around; its edge is feathered.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    around = 2 + max(len(rows), len(columns)) // 20
    box = (
        slice(max(0, rows[0] - around), rows[-1] + around + 1),
        slice(max(0, columns[0] - around), columns[-1] + around + 1),
    )
    inside, difference = mask[box], target[box] - patch[box]
    result = target.copy()
    weight = _feathered(inside)
    if target.ndim == 3:
        weight = weight[..., None]
    laid = patch[box] + harmonic(difference, inside)
    result[box] = target[box] * (1 - weight) + laid * weight
    return np.asarray(result.clip(0, 1), np.float32)


def harmonic(values: FloatImage, inside: Mask) -> FloatImage:
    """The values outside, and inside the smoothest continuation of them (Laplace's equation).

    Solved on a grid of at most 64 x 64 and interpolated: what it solves is smooth.
    """
    factor = min(1.0, _GRID / max(inside.shape))
    size = (max(3, round(inside.shape[1] * factor)), max(3, round(inside.shape[0] * factor)))
    reduced = np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
    small = np.atleast_3d(reduced)
    unknown = cv2.resize(inside.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    unknown[[0, -1]] = unknown[:, [0, -1]] = False
    solved = _solved(small, unknown) if unknown.any() else small
    grown = cv2.resize(solved, inside.shape[::-1], interpolation=cv2.INTER_CUBIC)
    grown = grown.reshape(values.shape)
    known = ~inside[..., None] if values.ndim == 3 else ~inside
    return np.asarray(np.where(known, values, grown), np.float32)


def _solved(values: FloatImage, unknown: Mask) -> FloatImage:
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import splu

    number = np.full(unknown.shape, -1)
    number[unknown] = np.arange(unknown.sum())
    rows, columns = np.nonzero(unknown)
    own = number[rows, columns]
    right = np.zeros((len(own), values.shape[-1]))
    entries = [(own, own, np.full(len(own), 4.0))]
    for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        beside = number[rows + down, columns + across]
        free = beside >= 0
        entries.append((own[free], beside[free], np.full(int(free.sum()), -1.0)))
        right[own[~free]] += values[rows[~free] + down, columns[~free] + across]
    at, to, factor = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    matrix = csr_matrix((factor, (at, to)), shape=(len(own), len(own)))
    result = values.copy()
    result[unknown] = splu(matrix.tocsc()).solve(right)
    return result


def _feathered(inside: Mask) -> FloatImage:
    """1 well inside, falling to 0 at the mask's edge."""
    distance = cv2.distanceTransform(inside.view(np.uint8), cv2.DIST_L2, 5)
    width = max(1.0, _FEATHER * float(distance.max()))
    ramp = (distance / width).clip(0, 1)
    return np.asarray(ramp * ramp * (3 - 2 * ramp), np.float32)
