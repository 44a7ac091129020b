"""How well two views of the same films find each other: what can be measured without labels."""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage
from models.measures.predictions import Numbers

TEMPERATURE = 0.1


@dataclass(frozen=True, slots=True)
class Instances:
    """Of n films, each seen twice.

    `first`: share of the views whose nearest is the other view of their film. `reciprocal_rank`:
    mean of 1 / the rank at which it comes. `log_loss`: of a softmax over all films, cosines divided
    by 0.1. `alignment`: mean squared distance of two views (small is good). `uniformity`: log of
    the mean of exp(-2 squared distance) of different films (small is good; both Wang and Isola
    2020). Vectors are of unit length for all of them. NaN where there are fewer than two films.
    """

    first: float
    reciprocal_rank: float
    log_loss: float
    alignment: float
    uniformity: float


def instances(one: FloatImage, other: FloatImage) -> Instances:
    """`one`, `other`: two views of the same films, float32 (n, dim), the first searches."""
    if len(one) < 2:
        return Instances(*[float("nan")] * 5)
    first, second = _unit(one), _unit(other)
    alike = first @ second.T
    own = np.diagonal(alike)
    # Of equals the film itself comes last: all-equal vectors find nothing.
    ranks = (alike >= own[:, None]).sum(axis=1)
    logits = alike / TEMPERATURE
    highest = logits.max(axis=1, keepdims=True)
    logs = np.log(np.exp(logits - highest).sum(axis=1)) + highest[:, 0] - own / TEMPERATURE
    apart = 2 - 2 * (first @ first.T)[np.triu_indices(len(one), 1)]
    return Instances(
        first=float((ranks == 1).mean()),
        reciprocal_rank=float((1 / ranks).mean()),
        log_loss=float(logs.mean()),
        alignment=float((2 - 2 * own).mean()),
        uniformity=float(np.log(np.exp(-2 * apart).mean())),
    )


def _unit(vectors: FloatImage) -> Numbers:
    wide = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return np.asarray(wide / np.maximum(lengths, 1e-12), np.float64)
