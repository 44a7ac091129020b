"""Re-ranking by reciprocal neighbours (Zhong 2017): who counts each other among his nearest.

The k-reciprocal neighbours of a case are those of its `k1` nearest that have it among their own
`k1` nearest; the sets of its neighbours (at half of k1) join it where they share two thirds with
it. A case is then described by how near each of these is (exp of the negative squared distance),
averaged over its `k2` nearest. The agreement of query and case is the Jaccard similarity of the two
descriptions: sum of minima over sum of maxima.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.refining_seen import Candidates
from models.arrays import FloatImage, Mask

_SHARED = 2 / 3


@dataclass(frozen=True, slots=True)
class Reciprocal:
    """`k1`, `k2`: see above. `share`: 1 less the paper's lambda. `depth`: cases looked at."""

    k1: int
    k2: int
    share: float
    depth: int
    name: str = "reciprocal"

    def agreement(self, seen: Candidates) -> FloatImage:
        """See `benchmarks.refining_seen.Agreeing`."""
        similarity = seen.similarity()
        order = np.argsort(-similarity, axis=1, kind="stable")
        described = self._described(similarity, order)
        lesser = np.minimum(described[0], described[1:]).sum(axis=1)
        larger = np.maximum(described[0], described[1:]).sum(axis=1)
        return np.asarray(lesser / np.maximum(larger, 1e-12), np.float32)

    def _described(self, similarity: FloatImage, order: np.ndarray) -> FloatImage:
        near = _reciprocal(order, self.k1)
        half = _reciprocal(order, max(1, self.k1 // 2))
        sizes = half.sum(axis=1)
        shared = near.astype(np.float32) @ half.T.astype(np.float32)
        joined = near & (shared > _SHARED * sizes)
        members = near | (joined.astype(np.float32) @ half.astype(np.float32) > 0)
        weights = np.where(members, np.exp(-2 * (1 - similarity)), 0)
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), 1e-12)
        found: FloatImage = weights[order[:, : self.k2]].mean(axis=1)
        return found


def _reciprocal(order: np.ndarray, count: int) -> Mask:
    """Which pairs are among each other's `count` nearest, each itself too: bool (n, n)."""
    near = np.zeros((len(order), len(order)), bool)
    np.put_along_axis(near, order[:, : count + 1], True, axis=1)
    mutual: Mask = near & near.T
    return mutual
