"""What abstaining buys: the risk among the films that are answered, from sure to unsure.

El-Yaniv and Wiener 2010; the area under the curve (AURC) by Geifman et al. 2019.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.measures.predictions import Chosen, Numbers, Predictions, plain

_SHOWN = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The curve. `coverage`: shares of films answered, rising. `risk`: share of them wrong.

    `aurc`: the mean risk over all coverages; NaN without a film.
    """

    coverage: Numbers
    risk: Numbers
    aurc: float

    def at(self, coverage: float) -> float:
        """The risk where at least this share is answered; NaN without a film."""
        place = int(np.searchsorted(self.coverage, coverage - 1e-9))
        return float(self.risk[min(place, len(self.risk) - 1)]) if len(self.risk) else np.nan

    def to_json(self) -> dict[str, Any]:
        """The area, and the risk at some coverages."""
        risks = [{"coverage": share, "risk": plain(self.at(share))} for share in _SHOWN]
        return {"aurc": plain(self.aurc), "risk_at_coverage": risks}


def risk_coverage(predictions: Predictions) -> RiskCoverage:
    """The curve by the probability of the named class."""
    return curve(predictions.probabilities.max(axis=1), predictions.right)


def curve(sureness: Numbers, right: Chosen) -> RiskCoverage:
    """The curve by any sureness, (n,); films that are as sure are answered together."""
    if not len(sureness):
        return RiskCoverage(np.zeros(0), np.zeros(0), np.nan)
    order = np.argsort(-sureness, kind="stable")
    ordered = sureness[order]
    answered = np.arange(1, len(order) + 1)
    last = np.append(ordered[1:] != ordered[:-1], True)
    risk = (np.cumsum(~right[order]) / answered)[last]
    coverage = (answered / len(order))[last]
    steps = np.diff(coverage, prepend=0.0)
    return RiskCoverage(coverage, risk, float((risk * steps).sum()))
