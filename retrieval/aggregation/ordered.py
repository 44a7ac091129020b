"""Late interaction in anatomical order: slices may not be matched across each other."""

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from retrieval.aggregation import ByItself, Pairs


class Ordered(ByItself):
    """The best mean likeness of a matching in which a later slice never finds an earlier row.

    Monotone alignment by dynamic programming, as dynamic time warping does it (Sakoe and Chiba
    1978), without a cost for rows that are passed over or used again: query and case may differ in
    spacing and in what they cover. It is late interaction, held to the order of the slices along
    the body; so it is never more than that, and the same for one picture.
    """

    def kept(self, similarity: FloatImage, starts: NDArray[np.int64]) -> FloatImage:
        """The value: (1, cases)."""
        sizes = np.diff(starts)
        padded = np.full((len(similarity), len(sizes), int(sizes.max())), -np.inf, np.float32)
        case = np.repeat(np.arange(len(sizes)), sizes)
        padded[:, case, np.arange(similarity.shape[1]) - starts[case]] = similarity
        reached = padded[0]
        for each in padded[1:]:
            reached = np.maximum.accumulate(reached, axis=1) + each
        return np.asarray(reached.max(axis=1)[None] / len(similarity), np.float32)

    def ceiling(self, best: FloatImage) -> float:
        """Their mean: order can only take away."""
        return float(best.mean())

    def pairs(self, similarity: FloatImage) -> Pairs:
        """Each query instance with the row that the best matching gives it."""
        reached = [similarity[0]]
        for each in similarity[1:]:
            reached.append(np.maximum.accumulate(reached[-1]) + each)
        rows = np.zeros(len(similarity), np.int64)
        last = similarity.shape[1]
        for instance in range(len(similarity) - 1, -1, -1):
            rows[instance] = reached[instance][:last].argmax()
            last = int(rows[instance]) + 1
        return Pairs.evenly(np.arange(len(similarity)), rows)
