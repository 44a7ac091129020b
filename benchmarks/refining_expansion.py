"""Query expansion: the query becomes its mean with the cases that it found first.

    q' = q + sum over the first n cases of  max(score, 0) ^ alpha * x

for each block, which is scaled to length 1 again; so the score stays the same sum over blocks. With
alpha 0 every case counts alike (average query expansion; Chum 2007), above 0 the nearer ones count
more (alpha-QE; Radenovic 2018). A block that the query lacks stays away: the reports of what was
found say nothing of this scan.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.refining_seen import Candidates, unit_blocks
from models.arrays import FloatImage


@dataclass(frozen=True, slots=True)
class Expansion:
    """`depth`: how many cases. `alpha`: how much nearer ones count more."""

    depth: int
    alpha: float

    def expanded(self, seen: Candidates) -> FloatImage:
        """See `benchmarks.refining_seen.Expanding`."""
        first = min(self.depth, len(seen))
        counts = np.maximum(seen.scores[:first], 0) ** self.alpha
        found = seen.query + np.tensordot(counts, seen.vectors[:first], axes=1)
        for inside in seen.blocks.values():
            if not seen.query[:, inside].any():
                found[:, inside] = 0
        return unit_blocks(found, seen.blocks)
