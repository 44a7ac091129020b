"""95 % intervals by bootstrap over patients (Efron 1979; percentiles).

Films of one patient resemble each other, so patients are drawn, not films: a patient that is drawn
twice counts twice with all his films. Resamples in which a measure cannot be told are left out.
With one patient only, or no resample in which it can be told, there is no interval.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.measures.predictions import Numbers, Predictions, plain

RESAMPLES = 1000
LEVEL = 0.95

_NUMBERS = 4_000_000

Measure = Callable[[Predictions, Numbers | None], Numbers]
"""A measure of predictions for each row of weights, as those of the other files are."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its interval; NaN where there is none."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, float | None]:
        """As JSON has it: null where there is none."""
        return {"value": plain(self.value), "low": plain(self.low), "high": plain(self.high)}

    def __str__(self) -> str:
        """As a table shows it: ``0.812 (0.771 to 0.850)``."""
        if np.isnan(self.value):
            return "cannot be told"
        if np.isnan(self.low):
            return f"{self.value:.3f}"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def draws(groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> Iterator[Numbers]:
    """How often each row counts in each resample: float64 (some, n), `resamples` rows in all.

    `groups`: n patient ids; an empty one is a patient of its own. They come some at a time, so that
    memory stays bounded for many films; the same every time for the same patients and seed.
    """
    named = [group or f"\0{row}" for row, group in enumerate(groups)]
    patients, place = np.unique(np.asarray(named, dtype=str), return_inverse=True)
    random = np.random.default_rng(seed)
    count = max(1, len(patients))
    at_once = max(1, _NUMBERS // count)
    for start in range(0, resamples, at_once):
        some = min(at_once, resamples - start)
        drawn = random.integers(0, count, (some, count)) + np.arange(some)[:, None] * count
        often = np.bincount(drawn.ravel(), minlength=some * count).reshape(some, count)
        yield often[:, place].astype(np.float64)


def interval(measure: Measure, predictions: Predictions, seed: int = 0) -> Interval:
    """A measure with its interval."""
    value = float(measure(predictions, None)[0]) if len(predictions) else np.nan
    resampled = [measure(predictions, some) for some in draws(predictions.groups, seed=seed)]
    return around(value, np.concatenate(resampled), predictions.groups)


def difference(
    measure: Measure, first: Predictions, second: Predictions, seed: int = 0
) -> Interval:
    """`first` less `second` on the same films, patient by patient drawn together.

    Raises `ValueError` unless both are of the same films in the same order.
    """
    if first.groups != second.groups or not np.array_equal(first.truth, second.truth):
        raise ValueError("the two systems were not asked about the same films in the same order")
    value = float(measure(first, None)[0] - measure(second, None)[0]) if len(first) else np.nan
    resampled = [
        measure(first, some) - measure(second, some) for some in draws(first.groups, seed=seed)
    ]
    return around(value, np.concatenate(resampled), first.groups)


def around(value: float, resampled: Numbers, groups: Sequence[str]) -> Interval:
    """A figure with the interval that its resamples, (resamples,), span; NaN is left out."""
    known = resampled[~np.isnan(resampled)]
    alone = len(set(groups)) < 2 and "" not in groups
    if alone or not known.size:
        return Interval(value, np.nan, np.nan)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value, float(low), float(high))
