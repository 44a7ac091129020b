"""Whether probabilities mean what they say.

The expected calibration error (Naeini et al. 2015; Guo et al. 2017) compares the probability of the
named class with how often it is right, in 15 bins: of equal width (0..1 in fifteenths), or of equal
mass (as many films in each, where equal probabilities stay together).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.measures.predictions import Numbers, Places, Predictions, once, plain
from models.measures.weighted import share

BINS = 15
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Bin:
    """Films whose named class is about as probable: how probable, and how often right."""

    films: int
    probability: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """The summary. `bins`: the reliability curve, in bins of equal mass."""

    films: int
    ece_equal_width: float
    ece_equal_mass: float
    brier: float
    log_loss: float
    bins: tuple[Bin, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it: null where there is no film."""
        numbers = {n: plain(v) if isinstance(v, float) else v for n, v in asdict(self).items()}
        return {**numbers, "bins": [asdict(one) for one in self.bins]}


def equal_width(top: Numbers, bins: int = BINS) -> Places:
    """The bin of each probability, (n,), 0..bins - 1."""
    return np.minimum((top * bins).astype(np.intp), bins - 1)


def equal_mass(top: Numbers, bins: int = BINS) -> Places:
    """The bin of each probability, (n,); equal probabilities fall into one bin."""
    if not len(top):
        return np.zeros(0, np.intp)
    rank = np.searchsorted(np.sort(top), top, side="left")
    return np.asarray(rank * min(bins, len(top)) // len(top), np.intp)


def expected_error(
    predictions: Predictions, bins: Places, weights: Numbers | None = None
) -> Numbers:
    """The expected calibration error: (resamples,). `bins`: each film's, (n,)."""
    counted = once(predictions) if weights is None else weights
    gap = predictions.right - predictions.probabilities.max(axis=1)
    inside = bins[:, None] == np.unique(bins)
    return share(abs(counted @ (gap[:, None] * inside)).sum(axis=1), counted.sum(axis=1))


def error_by_chance(predictions: Predictions, bins: Places, draws: int = 500) -> float:
    """The expected calibration error that honest probabilities would show on as many films.

    With few films in a bin the share that is right differs from any probability by chance alone:
    the mean over draws in which each named class is right just as often as its probability says.
    """
    if not len(predictions):
        return float("nan")
    top = predictions.probabilities.max(axis=1)
    random = np.random.default_rng(0)
    gap = (random.random((draws, len(top))) < top) - top
    inside = bins[:, None] == np.unique(bins)
    return float(abs(gap @ inside).sum(axis=1).mean() / len(top))


def brier(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The mean squared distance from the truth over all classes, 0..2: (resamples,). Brier 1950."""
    counted = once(predictions) if weights is None else weights
    own = predictions.truth[:, None] == np.arange(len(predictions.classes))
    return share(
        counted @ ((predictions.probabilities - own) ** 2).sum(axis=1), counted.sum(axis=1)
    )


def log_loss(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The mean of -ln(probability of the true class), cut at 1e-12: (resamples,)."""
    counted = once(predictions) if weights is None else weights
    true = predictions.probabilities[np.arange(len(predictions)), predictions.truth]
    return share(counted @ -np.log(np.maximum(true, _LEAST)), counted.sum(axis=1))


def report(predictions: Predictions) -> Calibration:
    """All of it, every film counting once."""
    top = predictions.probabilities.max(axis=1)
    mass = equal_mass(top)
    rows = [mass == one for one in np.unique(mass)]
    return Calibration(
        films=len(predictions),
        ece_equal_width=float(expected_error(predictions, equal_width(top))[0]),
        ece_equal_mass=float(expected_error(predictions, mass)[0]),
        brier=float(brier(predictions)[0]),
        log_loss=float(log_loss(predictions)[0]),
        bins=tuple(
            Bin(int(row.sum()), float(top[row].mean()), float(predictions.right[row].mean()))
            for row in rows
        ),
    )
