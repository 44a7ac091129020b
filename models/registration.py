"""Whether two pictures are the same one: laid over each other, then compared piece by piece.

Chest films of two patients are alike as wholes: outlines, the dark lungs, the bright spine. What is
the same only in one and the same film is fine structure, everywhere. So the second picture is moved
onto the first (an affine map, by the enhanced correlation coefficient of Evangelidis and Psarakis
2008, which does not see brightness and contrast), coarse structure is taken off, and squares of
both are correlated one by one. The lower quartile of these is the answer: a burned-in mark spoils a
few squares, another patient spoils most.
"""

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage

SIDE = 192
"""Pixels of the square that pictures are squashed to before they are compared."""

SAME = 0.85
"""From this likeness on it is the same picture: halfway between the most alike of different films
and what 99 % of changed copies reach, on one half of the archive patients of `chest_xray`
(docs/check.md)."""

_COARSE = 64
_SQUARE = 24
_FEWEST_SQUARES = 8
_STRUCTURE = (1.0, 4.0)  # standard deviations of the two Gaussians, in pixels
_FLAT = 1.0  # grey levels; a square with less structure in both says nothing
_NOISE = 0.05  # squared grey levels, so that nothing is divided by zero
_CERTAIN = 0.95  # what is as alike as this without being moved need not be moved
_HOPELESS = 0.25  # what is less alike than this after the coarse map is not looked at again
_NOT_MOVED = np.array([[1, 0, 0], [0, 1, 0]], np.float32)


def likeness(first: ByteImage, second: ByteImage) -> float:
    """How alike two pictures are once they lie over each other: up to 1; 0 if they do not fit.

    `first`, `second`: uint8 (H, W), of any sizes.
    """
    one, other = _squashed(first, SIDE), _squashed(second, SIDE)
    unmoved = _agreement(one, other, _NOT_MOVED)  # a large mark misleads what moves them
    small = (_squashed(one, _COARSE), _squashed(other, _COARSE))
    moved = None if unmoved >= _CERTAIN else _moved(*small, _NOT_MOVED, blur_px=5)
    if moved is None:
        return unmoved
    moved = _scaled(moved, SIDE / _COARSE)
    coarse = max(unmoved, _agreement(one, other, moved))
    if coarse < _HOPELESS:
        return coarse
    finer = _moved(_structure(one, 8.0), _structure(other, 8.0), moved, blur_px=3)
    return coarse if finer is None else max(coarse, _agreement(one, other, finer))


def _squashed(picture: ByteImage | FloatImage, side: int) -> FloatImage:
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _moved(
    first: FloatImage, second: FloatImage, start: FloatImage, blur_px: int
) -> FloatImage | None:
    """The affine map, float32 (2, 3), from places in `first` to places in `second`."""
    enough = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-4)
    model = cv2.MOTION_AFFINE
    all_of_it = np.ones(second.shape, np.uint8)
    try:
        found = cv2.findTransformECC(first, second, start.copy(), model, enough, all_of_it, blur_px)
    except cv2.error:  # it did not converge, or one of them is blank
        return None
    return np.asarray(found[1], np.float32)


def _scaled(moved: FloatImage, factor: float) -> FloatImage:
    """The same map for pictures `factor` as large, whose pixels' centres lie half a pixel in."""
    larger = moved.copy()
    larger[:, 2] = moved[:, 2] * factor + (factor - 1) / 2 * (moved[:, :2].sum(axis=1) - 1)
    return larger


def _structure(picture: FloatImage, coarse: float = _STRUCTURE[1]) -> FloatImage:
    fine = cv2.GaussianBlur(picture, (0, 0), _STRUCTURE[0])
    return np.asarray(fine - cv2.GaussianBlur(picture, (0, 0), coarse), np.float32)


def _agreement(first: FloatImage, second: FloatImage, moved: FloatImage) -> float:
    """The lower quartile of the squares' correlations."""
    size, back = (SIDE, SIDE), cv2.INTER_LINEAR + cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(second, moved, size, flags=back, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpAffine(np.ones((SIDE, SIDE), np.float32), moved, size, flags=back)
    one, other = _squares(_structure(first)), _squares(_structure(np.asarray(laid, np.float32)))
    one = one - one.mean(axis=1, keepdims=True)
    other = other - other.mean(axis=1, keepdims=True)
    spread = np.sqrt((one**2).mean(axis=1)), np.sqrt((other**2).mean(axis=1))
    told = np.maximum(*spread) > _FLAT
    told &= _squares(np.asarray(inside, np.float32)).min(axis=1) > 0.99
    if told.sum() < _FEWEST_SQUARES:
        return 0.0
    correlation = (one * other).mean(axis=1) / (spread[0] * spread[1] + _NOISE)
    return float(np.quantile(correlation[told], 0.25))


def _squares(picture: FloatImage) -> FloatImage:
    """The picture's squares as rows: float32 (squares, pixels of one)."""
    count = SIDE // _SQUARE
    cut = picture.reshape(count, _SQUARE, count, _SQUARE).swapaxes(1, 2)
    return cut.reshape(count * count, -1)
