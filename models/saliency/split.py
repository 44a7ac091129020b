"""A cosine of two embeddings, split over the places of a feature map.

An embedding that is the mean of a feature map, scaled to unit length, is a sum over places, and so
is its inner product with another embedding: place i gives <f_i, x> / (n |f|), f the map's mean
(Stylianou, Souvenir and Pless 2019, Visualizing Deep Similarity Networks). Nothing is approximated.

It was chosen among other maps by removing places from archive films of `chest_xray` (docs/why.md).
"""

import numpy as np

from models.arrays import FloatImage, Mask

_ALIKE = 0.999
"""Cosine of the map's mean and the embedding from which on one is the other, beside rounding."""

_LEAST = 1e-12


def is_mean(maps: FloatImage, embeddings: FloatImage) -> Mask:
    """Whether each embedding is the mean of its map, at unit length: bool (n,).

    `maps`: float32 (n, rows, columns, channels). `embeddings`: float32 (n, dim), of unit length.
    False for one of zeros or with numbers that are not finite, and for all if sizes differ.
    """
    means = maps.mean(axis=(1, 2))
    if means.shape != embeddings.shape:
        return np.zeros(len(embeddings), bool)
    lengths = np.linalg.norm(means, axis=1)
    with np.errstate(invalid="ignore"):
        cosines = (means * embeddings).sum(axis=1) / np.maximum(lengths, _LEAST)
        return np.asarray(cosines > _ALIKE, bool)


def split(cells: FloatImage, other: FloatImage) -> FloatImage:
    """What each place gives to the cosine with `other`; the sum is the cosine: (rows, columns).

    `cells`: float32 (rows, columns, channels), whose mean is the embedding before it was scaled.
    `other`: float32 (channels,), of unit length. Zeros for a map of zeros.
    """
    rows, columns, _ = cells.shape
    length = float(np.linalg.norm(cells.mean(axis=(0, 1))))
    given = cells @ other / (rows * columns * max(length, _LEAST))
    return np.asarray(given, np.float32)


def relative(given: FloatImage) -> FloatImage:
    """What each place gives, in mean shares of those that give: 1 is as much as the mean place.

    `given`: float32 (rows, columns). Zeros where no place gives anything, or where a number is not
    finite.
    """
    mean = float(np.maximum(given, 0).mean())
    if not np.isfinite(given).all() or mean <= _LEAST:
        return np.zeros_like(given)
    return np.asarray(given / mean, np.float32)
