"""From pictures to a case: how the likenesses of many pictures become one value of a case.

A query has one picture or the slices of a series, and so has a case. Each way here says how near
the case is, and which pairs of pictures that rests on. A new one is a file here and a line in
`TABLE`. What each brings on which data: docs/volumes.md.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.table import load as _load

TABLE = {
    "late": "retrieval.aggregation.late:LateInteraction",
    "maximum": "retrieval.aggregation.maximum:Maximum",
    "mean-best": "retrieval.aggregation.mean_best:MeanOfBest",
    "ordered": "retrieval.aggregation.ordered:Ordered",
    "rank-fusion": "retrieval.aggregation.rank_fusion:RankFusion",
    "symmetric": "retrieval.aggregation.symmetric:Symmetric",
}

DEFAULT = "late"


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of pictures that a case's score is the weighted mean of.

    `instances`: int64 (pairs,), of the query. `rows`: int64 (pairs,), places among the case's rows.
    `shares`: float32 (pairs,), sum 1.
    """

    instances: NDArray[np.int64]
    rows: NDArray[np.int64]
    shares: FloatImage

    @classmethod
    def evenly(cls, instances: NDArray[np.intp], rows: NDArray[np.intp]) -> "Pairs":
        """Each pair counts alike."""
        shares = np.full(len(rows), 1 / len(rows), np.float32)
        return cls(instances.astype(np.int64), rows.astype(np.int64), shares)


class Aggregation(Protocol):
    """What `retrieval.ranking` asks of one.

    `similarity`: float32 (query instances, rows), rows case by case; those of case i are
    ``starts[i] : starts[i + 1]``. Both in the order of the slices. No case is without a row.
    """

    among_all: bool
    """Whether a case's value depends on the other cases: then every one has to be looked at."""

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """What has to be known of each case: float32 (numbers, cases)."""
        ...

    def values(self, kept: FloatImage) -> FloatImage:
        """Each case's value, float32 (cases,), the nearest highest; `kept`: of all cases."""
        ...

    def ceiling(self, best: FloatImage) -> float:
        """What a case reaches at most if, for each query instance (n,), no row of it is nearer."""
        ...

    def pairs(self, similarity: FloatImage) -> Pairs:
        """What one case's score rests on; `similarity`: with the rows of that case alone.

        The weighted mean of the pairs' likeness is the case's value, unless cases are ranked
        `among_all`.
        """
        ...


class ByItself:
    """What aggregations share for which a case's value is its own matter: only that is kept."""

    among_all = False

    def values(self, kept: FloatImage) -> FloatImage:
        """As kept, (1, cases)."""
        own: FloatImage = kept[0]
        return own


def load(name: str) -> Aggregation:
    """The aggregation of that name. Raises `UsageError` if there is none."""
    aggregation: Aggregation = _load(TABLE, name, "aggregation")()
    return aggregation


def best_of(similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
    """For each query instance the nearest row of each case: float32 (instances, cases)."""
    found: FloatImage = np.maximum.reduceat(similarity, starts[:-1], axis=1)
    return found
