"""Sets of labels that hold the true one as often as they promise, for each label (conformal).

A label is in the set unless the archive's own cases of that label, each judged by what had not seen
it, would nearly all have been more probable:

    (cases of label c that were no more probable + 1) / (cases of c + 1)  >  1 - coverage

This is split conformal prediction within each class (Vovk et al. 2005; Mondrian), with 1 - P(c) as
the score (Sadinle et al. 2019). The scores are those of cross-validation (cross-conformal; Vovk
2015) beside a model that was then fitted on all cases. That costs the proof its last step, but as
the model has seen more than those of the folds had, its sets err, if anything, on the safe side.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heads.leave_out import Indices

Numbers = NDArray[np.float64]

COVERAGE = 0.9
"""What the sets promise if nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class ConformalSets:
    """`probabilities`: class -> what its own cases were given, left out; rising."""

    probabilities: dict[str, tuple[float, ...]]

    @classmethod
    def fit(cls, left_out: Numbers, truth: Indices, classes: tuple[str, ...]) -> "ConformalSets":
        """From what each case was given when left out, (n, C), and its true class, (n,)."""
        own = left_out[np.arange(len(truth)), truth]
        given = {n: np.sort(own[truth == at]) for at, n in enumerate(classes)}
        return cls({name: tuple(map(float, values)) for name, values in given.items()})

    def holds(self, coverage: float) -> bool:
        """Whether any label has cases enough for that coverage, so that it can be ruled out."""
        return any(len(own) >= _needed(coverage) for own in self.probabilities.values())

    def of(self, probabilities: Mapping[str, float], coverage: float) -> tuple[str, ...]:
        """The labels that are not ruled out, in the order of `probabilities`; may be none or all.

        A label with too few cases for this coverage is never ruled out: nobody can tell how its
        own cases would be told.
        """
        return tuple(
            name
            for name, given in probabilities.items()
            if self.credibility(name, given, coverage) > round(1 - coverage, 9)
        )

    def credibility(self, name: str, given: float, coverage: float) -> float:
        """The share of the archive's cases of that label that were no more probable: (0..1].

        1 for a label with too few cases for this coverage.
        """
        own = self.probabilities.get(name, ())
        if len(own) < _needed(coverage):
            return 1.0
        # What is read back from JSON or computed in another order may differ in the last digit.
        no_more = sum(1 for one in own if one <= given + 1e-12)
        return (no_more + 1) / (len(own) + 1)


def _needed(coverage: float) -> int:
    """Cases below which no label could ever be ruled out."""
    return math.ceil(round(1 / (1 - coverage), 9)) - 1
