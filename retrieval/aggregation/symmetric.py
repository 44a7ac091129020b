"""Late interaction both ways: what the case shows beside the query counts against it too."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from retrieval.aggregation import ByItself, Pairs, best_of


class Symmetric(ByItself):
    """The mean of two means: of the query's instances' best, and of the case's rows' best.

    A large case has a near row for everything; here all its rows have to be like the query. So it
    is for cases of films, and not for a slice or a part of a series that asks for the whole.
    """

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """The value: (1, cases)."""
        there = best_of(similarity, starts).mean(axis=0)
        back = np.add.reduceat(similarity.max(axis=0), starts[:-1]) / np.diff(starts)
        return np.asarray((there + back)[None] / 2, np.float32)

    def ceiling(self, best: FloatImage) -> float:
        """No row is nearer to any instance than the nearest of all."""
        return float(best.mean() + best.max()) / 2

    def pairs(self, similarity: FloatImage) -> Pairs:
        """Each query instance with its nearest row, and each row with its nearest instance."""
        instances, rows = similarity.shape
        shares = np.repeat([0.5 / instances, 0.5 / rows], [instances, rows])
        return Pairs(
            np.concatenate([np.arange(instances), similarity.argmax(axis=0)]).astype(np.int64),
            np.concatenate([similarity.argmax(axis=1), np.arange(rows)]).astype(np.int64),
            shares.astype(np.float32),
        )
