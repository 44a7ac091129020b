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

IN_A_BAND = 40
"""Cases in a band, at the least: enough to say 88 of 100 to within some ten."""

ONE_IN = 3
"""A suggestion is withheld where more than one in so many would be wrong."""

_BINS, _IN_A_BIN = 15, 30  # fewer cases in a bin measure chance, not error
_HELD = 10.0
_FLATTEST = 0.05  # a curve that does not rise has no such place


@dataclass(frozen=True, slots=True)
class Band:
    """Cases that got an answer about as sure.

    `label`: what was suggested; empty where labels had to be taken together. `low`: the lowest
    probability of the suggestion. `cases`: how many, `right`: of how many it was true.
    """

    label: str
    low: float
    cases: int
    right: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What became of the archive's own answers.

    `cases`: how many were judged. `ece`: their expected calibration error, in up to 15 bins of 30
    cases or more each. `accuracy`: how often the suggestion was right. `bands`: by label, from
    unsure to sure. `unsure_below`: a suggestion that is less probable is wrong more than once in
    three times.
    """

    cases: int
    ece: float
    accuracy: float
    bands: tuple[Band, ...]
    unsure_below: float

    @classmethod
    def fit(cls, left_out: Numbers, truth: Indices, classes: tuple[str, ...]) -> "Calibration":
        """From the probabilities of n cases, (n, C), each judged by what had not seen it."""
        top, named = left_out.max(axis=1), left_out.argmax(axis=1)
        right = named == truth
        labels = np.asarray(classes, dtype=str)[named]
        bands: list[Band] = []
        for name in classes:
            bands += _bands(top[labels == name], right[labels == name], name)
        return cls(
            cases=len(truth),
            ece=_expected_error(top, right),
            accuracy=float(right.mean()),
            bands=(*bands, *_bands(top, right, "")),
            unsure_below=_unsure_below(top, right),
        )

    def like(self, label: str, probability: float) -> Band | None:
        """The cases that got such an answer; of all labels, where this one was suggested rarely."""
        for name in (label, ""):
            found = [band for band in self.bands if band.label == name]
            if found:
                below = [band for band in found if band.low <= probability]
                return below[-1] if below else found[0]
        return None


def _bands(top: Numbers, right: Mask, label: str) -> list[Band]:
    """Bands of as many cases each, at most five; none where there are too few cases."""
    count = min(5, len(top) // IN_A_BAND)
    order = np.argsort(top, kind="stable")
    return [
        Band(label, float(top[some[0]]), len(some), int(right[some].sum()))
        for some in (np.array_split(order, count) if count else ())
    ]


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
