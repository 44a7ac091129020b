"""The mean of the best: the half of the query's slices that the case answers best."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from retrieval.aggregation import ByItself, Pairs, best_of

SHARE = 0.5
"""Of the query's instances. Half is the middle between the maximum and late interaction; it was set
before anything was measured."""


class MeanOfBest(ByItself):
    """Every query instance finds its nearest row; the mean of the better half of these counts.

    A series that reaches further than the case does (the abdomen below a chest) is not held
    against it.
    """

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """The value: (1, cases)."""
        return np.asarray(_top(best_of(similarity, starts)).mean(axis=0, keepdims=True))

    def ceiling(self, best: FloatImage) -> float:
        """The mean of the better half."""
        return float(_top(best[:, None]).mean())

    def pairs(self, similarity: FloatImage) -> Pairs:
        """The better half of the query's instances, each with its nearest row."""
        order = np.argsort(-similarity.max(axis=1), kind="stable")[: _count(len(similarity))]
        chosen = np.sort(order)
        return Pairs.evenly(chosen, similarity[chosen].argmax(axis=1))


def _count(instances: int) -> int:
    return max(1, round(SHARE * instances))


def _top(best: FloatImage) -> FloatImage:
    """The largest numbers of each column: float32 (count, cases)."""
    under = len(best) - _count(len(best))
    top: FloatImage = np.partition(best, under, axis=0)[under:] if under else best
    return top
