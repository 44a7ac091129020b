"""How sure one may be of an answer: what became of the archive's own cases that got such a one.

All of it is from probabilities that were given to a case by what had not seen its patient.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import Mask
from models.heads.leave_out import Indices

Numbers = NDArray[np.float64]

LIKE = 40
"""Cases that an answer is compared with: enough to say 88 of 100 to within some ten."""

ONE_IN = 3
"""A suggestion is withheld where more than one in so many would be wrong."""

_BINS, _IN_A_BIN = 15, 30  # fewer cases in a bin measure chance, not error
_HELD = 10.0
_FLATTEST = 0.05  # a curve that does not rise has no such place


@dataclass(frozen=True, slots=True)
class Answers:
    """What cases of the archive were told: n of them, from unsure to sure.

    `given`: the probabilities of the suggestions, rising. `right`: whether each was true.
    """

    given: tuple[float, ...]
    right: tuple[bool, ...]

    def like(self, probability: float) -> tuple[int, int]:
        """The `LIKE` answers that were about as sure: how many, and how many of them were right."""
        nearest = sorted(
            range(len(self.given)), key=lambda at: (abs(self.given[at] - probability), at)
        )[:LIKE]
        return len(nearest), sum(self.right[at] for at in nearest)


@dataclass(frozen=True, slots=True)
class Like:
    """Cases that were told about the same: how many (`cases`), and of how many it was true.

    `label`: what was suggested; empty where that was suggested too rarely, and the cases of all
    labels are counted.
    """

    label: str
    cases: int
    right: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What became of the archive's own answers.

    `cases`: how many were judged. `ece`: their expected calibration error, in up to 15 bins of 30
    cases or more each. `accuracy`: how often the suggestion was right. `answers`: by the label that
    was suggested. `unsure_below`: a suggestion that is less probable is wrong more than once in
    three times.
    """

    cases: int
    ece: float
    accuracy: float
    answers: dict[str, Answers]
    unsure_below: float

    @classmethod
    def fit(cls, left_out: Numbers, truth: Indices, classes: tuple[str, ...]) -> "Calibration":
        """From the probabilities of n cases, (n, C), each judged by what had not seen it."""
        top, named = left_out.max(axis=1), left_out.argmax(axis=1)
        right = named == truth
        rows = {name: named == at for at, name in enumerate(classes)}
        return cls(
            cases=len(truth),
            ece=_expected_error(top, right),
            accuracy=float(right.mean()),
            answers={n: _answers(top[row], right[row]) for n, row in rows.items() if row.any()},
            unsure_below=_unsure_below(top, right),
        )

    def like(self, label: str, probability: float) -> Like | None:
        """The cases that got such an answer; None where the archive has too few of any."""
        own = self.answers.get(label)
        if own is not None and len(own.given) >= LIKE:
            return Like(label, *own.like(probability))
        every = [
            pair
            for answers in self.answers.values()
            for pair in zip(answers.given, answers.right, strict=True)
        ]
        if len(every) < LIKE:
            return None
        given, right = zip(*sorted(every), strict=True)
        return Like("", *Answers(given, right).like(probability))


def _answers(top: Numbers, right: Mask) -> Answers:
    order = np.argsort(top, kind="stable")
    return Answers(tuple(map(float, top[order])), tuple(map(bool, right[order])))


def _expected_error(top: Numbers, right: Mask) -> float:
    count = max(1, min(_BINS, len(top) // _IN_A_BIN))
    parts = np.array_split(np.argsort(top, kind="stable"), count)
    gaps = [abs(float((right[part] - top[part]).sum())) for part in parts]
    return sum(gaps) / len(top)


def _unsure_below(top: Numbers, right: Mask) -> float:
    """The probability at which one suggestion in three is wrong: (0, 1).

    How often suggestions are right is fitted as a logistic curve over the log odds of their
    probability (Platt 1999), held to what the probabilities say as strongly as ten cases would.
    Answering in the order of sureness, this is where the risk-coverage curve's next answers cost
    more than that: its slope, not its height.
    """
    from scipy.optimize import minimize

    odds = _log_odds(top)

    def loss(line: Numbers) -> tuple[float, Numbers]:
        found = line[0] + line[1] * odds
        held = line - np.array([0.0, 1.0])
        miss = 1 / (1 + np.exp(-found)) - right
        fit = float((np.logaddexp(0, found) - right * found).sum())
        slope = np.array([miss.sum(), (miss * odds).sum()]) + _HELD * held
        return fit + _HELD / 2 * float(held @ held), slope

    bounds = [(None, None), (_FLATTEST, None)]
    line = minimize(loss, np.array([0.0, 1.0]), jac=True, method="L-BFGS-B", bounds=bounds).x
    enough = math.log(ONE_IN - 1)  # the log odds of being right two times in three
    return float(1 / (1 + math.exp(-max(-30.0, min(30.0, (enough - line[0]) / line[1])))))


def _log_odds(shares: Numbers) -> Numbers:
    inside = np.clip(shares, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)), np.float64)
