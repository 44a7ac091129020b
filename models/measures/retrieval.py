"""How well vectors find their own kind: precision of the first hits and mean average precision."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.heads.leave_out import Indices
from models.measures.ranked import NOBODY, Rankings
from models.measures.ranked.average_precision import average_precision
from models.measures.ranked.hit_rate import hit_rate


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
    told, known = rankings(queries, archive)
    figures = np.full((len(known), 3), np.nan)
    figures[known, 0] = hit_rate(told, 1)
    figures[known, 1] = told.relevant[:, :5].mean(axis=1)
    figures[known, 2] = average_precision(told)
    return figures


def rankings(queries: Asked, archive: Asked) -> tuple[Rankings, Mask]:
    """What is found by cosine, and which of the queries, bool (n,), have another patient of their
    label: the rankings are of those alone. A patient never answers for himself.
    """
    alike = _unit(queries.vectors) @ _unit(archive.vectors).T
    own = queries.patients[:, None] == archive.patients[None]
    order = np.argsort(np.where(own, np.inf, -alike), axis=1, kind="stable")
    found = np.where(np.take_along_axis(own, order, axis=1), NOBODY, archive.labels[order])
    wanted = ((queries.labels[:, None] == archive.labels[None]) & ~own).sum(axis=1)
    known = wanted > 0
    return Rankings(found[known], queries.labels[known], wanted[known]), known


def _unit(vectors: FloatImage) -> FloatImage:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
