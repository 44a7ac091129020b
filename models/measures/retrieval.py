"""How well vectors find their own kind: precision of the first hits and mean average precision."""

from dataclasses import dataclass

import numpy as np

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
    alike = _unit(queries.vectors) @ _unit(archive.vectors).T
    own = queries.patients[:, None] == archive.patients[None]
    relevant = (queries.labels[:, None] == archive.labels[None]) & ~own
    order = np.argsort(np.where(own, np.inf, -alike), axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1)[relevant.any(axis=1)].astype(np.float64)
    if not len(hits):
        return Precision(np.nan, np.nan, np.nan)
    rank = np.arange(1, hits.shape[1] + 1)
    average = (np.cumsum(hits, axis=1) / rank * hits).sum(axis=1) / hits.sum(axis=1)
    return Precision(float(hits[:, 0].mean()), float(hits[:, :5].mean()), float(average.mean()))


def _unit(vectors: FloatImage) -> FloatImage:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
