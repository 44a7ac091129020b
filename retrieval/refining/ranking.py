"""What cases are ranked by, for one query."""

from typing import Protocol

from models.arrays import Mask
from retrieval.ranking import Ranked


class Ranking(Protocol):
    """Ranks cases, and splits their scores exactly."""

    def nearest(self, count: int, allowed: Mask) -> list[Ranked]:
        """The `count` best cases with a row in `allowed` (bool, rows), best first."""
        ...

    def contributions(self, ranked: Ranked) -> dict[str, float]:
        """The parts of a case's score, by name; their sum is the score."""
        ...

    def best_row(self, ranked: Ranked) -> int:
        """The row of a case that stands for it."""
        ...
