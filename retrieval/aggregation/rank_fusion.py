"""Rank fusion: every slice of the query ranks the cases by itself, and the ranks are joined."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from retrieval.aggregation import Pairs, best_of

K = 60
"""Of Cormack, Clarke and Buettcher 2009, as published."""


class RankFusion:
    """The mean of 1 / (K + rank) over the query's instances; ranks are of each case's nearest row.

    Cormack, Clarke and Buettcher, SIGIR 2009. Ranks are no likeness, so a case is placed by them
    and shown with what `late` gives: that is a sum over descriptors, this is none.
    """

    among_all = True

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """The best of each instance: (instances, cases)."""
        return best_of(similarity, starts)

    def values(self, kept: FloatImage) -> FloatImage:
        """Of equal likenesses each has the better rank."""
        total = np.zeros(kept.shape[1])
        for each in kept:
            ordered = np.sort(-each)
            total += 1 / (K + 1 + np.searchsorted(ordered, -each, side="left"))
        return np.asarray(total / len(kept), np.float64).astype(np.float32)

    def ceiling(self, best: FloatImage) -> float:
        """Nobody knows before all cases are ranked."""
        return float("inf")

    def pairs(self, similarity: FloatImage) -> Pairs:
        """Each query instance with its nearest row."""
        return Pairs.evenly(np.arange(len(similarity)), similarity.argmax(axis=1))
