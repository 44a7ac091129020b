"""Re-ranking by diffusion on the graph of the candidates (Donoser and Bischof 2013; Iscen 2017).

Query and candidates are the nodes; each is joined to its `k` nearest where both count each other
so, with the similarity to the power of `power`. What starts at the query spreads,

    f = (1 - alpha) * (I - alpha * S) ^ -1 * y,   S = D ^ -1/2 * A * D ^ -1/2

and a case agrees as much as reaches it, in shares of what reaches the one that most does.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.refining_seen import Candidates
from models.arrays import FloatImage


@dataclass(frozen=True, slots=True)
class Diffusion:
    """`k`, `power`, `alpha`: see above. `share`: of the score. `depth`: cases looked at."""

    k: int
    power: float
    alpha: float
    share: float
    depth: int
    name: str = "diffusion"

    def agreement(self, seen: Candidates) -> FloatImage:
        """See `benchmarks.refining_seen.Agreeing`."""
        if not len(seen):
            return np.zeros(0, np.float32)
        edges = seen.similarity().astype(np.float64) ** self.power
        np.fill_diagonal(edges, 0)
        order = np.argsort(-edges, axis=1, kind="stable")[:, : self.k]
        near = np.zeros(edges.shape, bool)
        np.put_along_axis(near, order, True, axis=1)
        near[0] = near[:, 0] = near[0] | near[:, 0]  # nobody can be reached but by the query's own
        edges = np.where(near & near.T, edges, 0)
        degrees = np.sqrt(np.maximum(edges.sum(axis=1), 1e-12))
        spread = np.eye(len(edges)) - self.alpha * edges / degrees[:, None] / degrees[None]
        start = np.zeros(len(edges))
        start[0] = 1
        reached = np.maximum(np.linalg.solve(spread, start)[1:], 0)
        return np.asarray(reached / max(float(reached.max()), 1e-12), np.float32)
