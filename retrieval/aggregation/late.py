"""Late interaction: every slice of the query finds its nearest slice of the case."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from retrieval.aggregation import ByItself, Pairs, best_of


class LateInteraction(ByItself):
    """The mean, over the query's instances, of the best that any row of the case reaches.

    MaxSim of Khattab and Zaharia 2020 (ColBERT). For one picture against a case of one it is their
    inner product.
    """

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """The value: (1, cases)."""
        return np.asarray(best_of(similarity, starts).mean(axis=0, keepdims=True))

    def ceiling(self, best: FloatImage) -> float:
        """Their mean."""
        return float(best.mean())

    def pairs(self, similarity: FloatImage) -> Pairs:
        """Each query instance with its nearest row."""
        return Pairs.evenly(np.arange(len(similarity)), similarity.argmax(axis=1))
