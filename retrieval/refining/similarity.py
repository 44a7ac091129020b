"""Cases by their score: the weighted sum over blocks."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.arrays import FloatImage, Mask
from retrieval.aggregation import Aggregation
from retrieval.ranking import LATE, CaseRanker, Ranked


@dataclass(frozen=True, slots=True)
class BySimilarity:
    """See `retrieval.refining.Ranking`. `vector`: float32 (instances, dim), weighted.

    `how`: cases of several pictures are ranked.
    """

    ranker: CaseRanker
    vector: FloatImage
    blocks: Mapping[str, slice]
    how: Aggregation = LATE

    def nearest(self, count: int, allowed: Mask) -> list[Ranked]:
        """By the weighted sum of what the blocks say."""
        return self.ranker.nearest(self.vector, count, allowed, self.how)

    def contributions(self, ranked: Ranked) -> dict[str, float]:
        """What each block gave."""
        return self.ranker.contributions(self.vector, ranked, self.blocks)

    def best_row(self, ranked: Ranked) -> int:
        """The nearest to any query instance."""
        return self.ranker.best_row(self.vector, ranked)
