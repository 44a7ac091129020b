"""Members of a committee brought into one space, so that their embeddings can be compared.

Each member has learned axes of its own. Generalised Procrustes analysis (Gower 1975) turns them so
that all say of the same film as nearly the same as turning can reach; what a member finds alike
stays alike, but for what is dropped beyond its main directions (Jolliffe 2002, PCA).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage

MOST = 256
"""Numbers of an aligned embedding: more of them made no difference."""

_TURNS = 20
Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """What brings each member's embedding x into the common space: x @ weight + bias.

    `weight`: float32 (members, dim, common). `bias`: float32 (members, common).
    """

    weight: FloatImage
    bias: FloatImage


def align(told: FloatImage) -> Alignment:
    """The alignment of embeddings, float32 (n, members, dim), of the same n films."""
    count, members, dim = told.shape
    common = min(MOST, dim, count)
    means = told.mean(axis=0, dtype=np.float64)
    axes: list[Numbers] = []
    places: list[Numbers] = []
    for member in range(members):
        centred = told[:, member].astype(np.float64) - means[member]
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        axes.append(directions[:common].T)
        places.append(centred @ axes[-1])
    turns = [np.eye(common) for _ in range(members)]
    reference = places[0]
    for _ in range(_TURNS):
        turns = [_turn(place, reference) for place in places]
        reference = np.mean([p @ turn for p, turn in zip(places, turns, strict=True)], axis=0)
    weight = np.stack([axis @ turn for axis, turn in zip(axes, turns, strict=True)])
    bias = -np.einsum("md,mdc->mc", means, weight)
    return Alignment(weight.astype(np.float32), bias.astype(np.float32))


def _turn(place: Numbers, reference: Numbers) -> Numbers:
    """The rotation (and reflection) that brings `place` nearest to `reference` (Schoenemann)."""
    left, _, right = np.linalg.svd(place.T @ reference)
    return np.asarray(left @ right, np.float64)
