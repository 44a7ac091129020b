"""How well several findings of a film are named: precision, recall and AUC of each.

What is not known of a film counts neither for nor against: a film whose findings nobody noted is
no film without findings. Macro: the mean over findings that any film has (precision over those
that were named at all); micro: over all films and findings together (Sokolova and Lapalme 2009).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.measures import weighted
from models.measures.intervals import Interval, around, draws
from models.measures.predictions import Chosen, Numbers
from models.measures.weighted import mean_known, share


@dataclass(frozen=True, slots=True)
class NamedFindings:
    """What was said of n films about f findings, and what is true.

    `scores`: float64 (n, f), higher where a finding is more probable; NaN in the column of one that
    cannot be scored. `said`: bool (n, f). `truth`: float64 (n, f), 1 present, 0 absent, NaN not
    known. `groups`: n patient ids.
    """

    names: tuple[str, ...]
    scores: Numbers
    said: Chosen
    truth: Numbers
    groups: tuple[str, ...]

    @property
    def known(self) -> Chosen:
        """Of which films each finding is known: bool (n, f)."""
        return ~np.isnan(self.truth)

    @property
    def present(self) -> Chosen:
        """Which films have each finding: bool (n, f)."""
        return np.asarray(self.truth == 1, bool)


Measure = Callable[[NamedFindings, Numbers], Numbers]
"""Of what was said, for each row of weights (resamples, n): (resamples,) or (resamples, f)."""


def precisions(named: NamedFindings, weights: Numbers) -> Numbers:
    """Of the films that are said to have each finding, the share that has it: (resamples, f)."""
    return share(weights @ (named.said & named.present), weights @ (named.said & named.known))


def recalls(named: NamedFindings, weights: Numbers) -> Numbers:
    """Of the films that have each finding, the share that is said to: (resamples, f)."""
    return share(weights @ (named.said & named.present), weights @ named.present)


def areas(named: NamedFindings, weights: Numbers) -> Numbers:
    """The AUC of each finding's scores: (resamples, f); NaN where there are none."""
    found = np.full((len(weights), len(named.names)), np.nan)
    for at in range(len(named.names)):
        rows = named.known[:, at] & ~np.isnan(named.scores[:, at])
        if rows.any():
            present = named.present[rows, at]
            found[:, at] = weighted.auc(named.scores[rows, at], present, weights[:, rows])
    return found


def macro(measure: Measure) -> Measure:
    """The mean over the findings that any film has and of which it can be told."""

    def mean(named: NamedFindings, weights: Numbers) -> Numbers:
        there = named.present.any(axis=0)
        return mean_known(measure(named, weights)[:, there], axis=1)

    return mean


def micro_precision(named: NamedFindings, weights: Numbers) -> Numbers:
    """Over all films and findings together: (resamples,)."""
    right = weights @ (named.said & named.present).sum(axis=1).astype(np.float64)
    return share(right, weights @ (named.said & named.known).sum(axis=1).astype(np.float64))


def micro_recall(named: NamedFindings, weights: Numbers) -> Numbers:
    """Over all films and findings together: (resamples,)."""
    right = weights @ (named.said & named.present).sum(axis=1).astype(np.float64)
    return share(right, weights @ named.present.sum(axis=1).astype(np.float64))


_OF_EACH: dict[str, Measure] = {"precision": precisions, "recall": recalls, "auc": areas}
_OVERALL: dict[str, Measure] = {
    "macro_precision": macro(precisions),
    "macro_recall": macro(recalls),
    "macro_auc": macro(areas),
    "micro_precision": micro_precision,
    "micro_recall": micro_recall,
}


def report(named: NamedFindings) -> dict[str, Any]:
    """Each finding's figures and the overall ones, with 95 % intervals over patients, as JSON.

    `films`: of how many the finding is known; `present`: how many have it; `said`: how many of the
    known ones are said to.
    """
    figures = {name: _intervals(measure, named) for name, measure in _OF_EACH.items()}
    findings = [
        {
            "name": name,
            "films": int(named.known[:, at].sum()),
            "present": int(named.present[:, at].sum()),
            "said": int((named.said & named.known)[:, at].sum()),
            **{figure: found[at].to_json() for figure, found in figures.items()},
        }
        for at, name in enumerate(named.names)
    ]
    overall = {name: _intervals(measure, named)[0].to_json() for name, measure in _OVERALL.items()}
    return {"findings": findings, **overall}


def _intervals(measure: Measure, named: NamedFindings) -> list[Interval]:
    once = np.ones((1, len(named.groups)))
    values = np.atleast_2d(measure(named, once).T).T[0]
    if not len(named.groups):
        return [Interval(float(value), np.nan, np.nan) for value in values]
    drawn = [measure(named, weights) for weights in draws(named.groups)]
    resampled = np.concatenate([one.reshape(len(one), -1) for one in drawn])
    return [around(float(value), resampled[:, at], named.groups) for at, value in enumerate(values)]
