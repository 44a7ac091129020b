"""The maximum: one pair of pictures that are alike makes two cases alike."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from retrieval.aggregation import ByItself, Pairs, best_of


class Maximum(ByItself):
    """The best that any instance of the query and any row of the case reach together."""

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """The value: (1, cases)."""
        return np.asarray(best_of(similarity, starts).max(axis=0, keepdims=True))

    def ceiling(self, best: FloatImage) -> float:
        """Their maximum."""
        return float(best.max())

    def pairs(self, similarity: FloatImage) -> Pairs:
        """The one pair."""
        instance, row = np.unravel_index(similarity.argmax(), similarity.shape)
        return Pairs.evenly(np.array([instance]), np.array([row]))
