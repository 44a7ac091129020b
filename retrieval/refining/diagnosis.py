"""Cases of the suggested diagnosis first: a part of the score is what the suggestion says of it.

    score'(x) = (1 - SHARE) * score(x) + SHARE * P(label of x | query)

P is what the answer shows as probabilities. The archive's own label of a case counts here, which
it does nowhere else in a score. So such a list answers "show me cases of what you suggest, the most
similar first"; that its hits agree with the suggestion says nothing for it any more. Therefore it
is off unless asked for, is done only where a label is suggested, is told in a remark, and has a
column of its own; the nearest case with another label is shown as ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from models.arrays import Mask
from retrieval.ranking import Ranked, Rows
from retrieval.refining.similarity import BySimilarity

NAME = "diagnosis"
"""Of its part of a score."""

SHARE = 0.2
"""Judged on the archive rows of 993 chest films, each patient left out: first hits are at their
best from .05 on (precision@1 .827, without .803); mAP rises with the share (.812 without, .834 at
.05, .851 at .2, .860 at .9), because the list is sorted by label more and more. At .2 most of that
is gained, and similarity still has a say between labels."""


@dataclass(frozen=True, slots=True)
class ByDiagnosis:
    """See `retrieval.refining.Ranking`.

    `probabilities`: of labels; of any other, and without a label, 0. `labels`: of each case by its
    number; empty without one. `label_of_row`: of each row, its label's place in `names`.
    """

    plain: BySimilarity
    probabilities: Mapping[str, float]
    labels: tuple[str, ...]
    names: tuple[str, ...]
    label_of_row: Rows
    share: float = SHARE

    @classmethod
    def of(
        cls, plain: BySimilarity, probabilities: Mapping[str, float], labels: tuple[str, ...]
    ) -> Self:
        """`labels`: of each case by its number; empty without one."""
        names, codes = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
        rows = codes[plain.ranker.case_of_row].astype(np.int64)
        return cls(plain, probabilities, labels, tuple(names.tolist()), rows)

    def nearest(self, count: int, allowed: Mask) -> list[Ranked]:
        """The best cases. Exact: cases of one label keep their order, so the best of each suffice.

        Ties go to the case that was indexed first.
        """
        found = [
            replace(one, score=(1 - self.share) * one.score + self._of(one.case))
            for code in range(len(self.names))
            for one in self.plain.nearest(count, allowed & (self.label_of_row == code))
        ]
        return sorted(found, key=lambda one: (-one.score, one.case))[:count]

    def contributions(self, ranked: Ranked) -> dict[str, float]:
        """What each block gave, and what the suggestion did."""
        given = self.plain.contributions(ranked)
        own = {name: (1 - self.share) * part for name, part in given.items()}
        return own | {NAME: self._of(ranked.case)}

    def best_row(self, ranked: Ranked) -> int:
        """The nearest to any query instance."""
        return self.plain.best_row(ranked)

    def _of(self, case: int) -> float:
        return self.share * float(self.probabilities.get(self.labels[case], 0.0))
