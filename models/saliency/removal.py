"""Places taken out of a picture, to see what its score is without them.

What is taken out is blurred. Its brightness stays, only what can be made out there goes: a grey or
black patch would be a new thing with edges of its own (Fong and Vedaldi 2017, Interpretable
Explanations of Black Boxes by Meaningful Perturbation).
"""

import numpy as np
from numpy.typing import NDArray

from models.arrays import ByteImage, FloatImage, Mask

Places = NDArray[np.intp]
"""Places of a grid by their number, row by row."""

_BLUR = 0.5
"""Sigma, in places."""


def blurred(picture: ByteImage, rows: int) -> ByteImage:
    """uint8 (size, size, 3) in which nothing as small as one of `rows` places can be made out."""
    import cv2

    return np.asarray(cv2.GaussianBlur(picture, (0, 0), _BLUR * len(picture) / rows), np.uint8)


def mixed(first: ByteImage, second: ByteImage, taken: Mask) -> ByteImage:
    """`first`, and in the places `taken`, bool (rows, columns), what `second` has there."""
    size = len(first)
    down, across = (np.arange(size) * count // size for count in taken.shape)
    return np.where(taken[np.ix_(down, across)][..., None], second, first)


def one_by_one(picture: ByteImage, rows: int, columns: int) -> ByteImage:
    """The picture without each of its places: uint8 (places, size, size, 3)."""
    without = blurred(picture, rows)
    each = np.eye(rows * columns, dtype=bool).reshape(-1, rows, columns)
    return np.stack([mixed(picture, without, taken) for taken in each])


def most_first(given: FloatImage) -> Places:
    """The places of a map (rows, columns), those that give most first."""
    return np.argsort(-given, axis=None, kind="stable").astype(np.intp)


def first_of(order: Places, count: int, shape: tuple[int, int]) -> Mask:
    """The first `count` places of an order, as bool (rows, columns)."""
    taken = np.zeros(shape, bool)
    taken.reshape(-1)[order[:count]] = True
    return taken
