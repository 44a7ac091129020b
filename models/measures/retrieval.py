"""How well vectors find their own kind: precision of the first hits and mean average precision."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.heads.leave_out import Indices


@dataclass(frozen=True, slots=True)
class Asked:
    """Vectors that ask, or that are asked. `vectors`: float32 (n, dim), compared by cosine.

    `labels`, `patients`: numbers (n,).
    """

    vectors: FloatImage
    labels: Indices
    patients: Indices


@dataclass(frozen=True, slots=True)
class Precision:
    """Means over the queries: of the first hit, of the first five, and of average precision."""

    at_1: float
    at_5: float
    mean_average: float


def precision(queries: Asked, archive: Asked) -> Precision:
    """How often what is found has the query's label; a patient never answers for himself.

    Of five where the archive has as many. A query without any other patient of its label is left
    out; NaN where none is left.
    """
    told = each(queries, archive)
    told = told[~np.isnan(told).any(axis=1)]
    if not len(told):
        return Precision(np.nan, np.nan, np.nan)
    return Precision(*(float(value) for value in told.mean(axis=0)))


def each(queries: Asked, archive: Asked) -> NDArray[np.float64]:
    """The three figures of each query, (n, 3); NaN for one without another patient of its label."""
    alike = _unit(queries.vectors) @ _unit(archive.vectors).T
    own = queries.patients[:, None] == archive.patients[None]
    relevant = (queries.labels[:, None] == archive.labels[None]) & ~own
    order = np.argsort(np.where(own, np.inf, -alike), axis=1, kind="stable")
    known = relevant.any(axis=1)
    hits = np.take_along_axis(relevant, order, axis=1)[known].astype(np.float64)
    rank = np.arange(1, hits.shape[1] + 1)
    found = np.full((len(known), 3), np.nan)
    found[known, 0] = hits[:, 0]
    found[known, 1] = hits[:, :5].mean(axis=1)
    found[known, 2] = (np.cumsum(hits, axis=1) / rank * hits).sum(axis=1) / hits.sum(axis=1)
    return found


def _unit(vectors: FloatImage) -> FloatImage:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
