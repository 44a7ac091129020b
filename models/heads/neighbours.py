"""A diagnosis from weighted neighbours, with probabilities that know when to be modest.

    weight_i = exp((score_i - reference) / temperature)
    P(c)     = (sum of weights of neighbours labelled c + smoothing * prior_c)
               / (sum of all weights + smoothing)

A near neighbour counts more than a far one (Dudani 1976), and the archive's prior counts as
`smoothing` neighbours at the `reference` score, the one that a nearest neighbour usually has. So
few or weak neighbours leave the prior nearly as it is, and a film unlike any in the archive gets no
confident answer.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.errors import IndexDamaged
from models.heads.evidence import sample_judged
from models.heads.leave_out import Indices, without_own

CAP = 2000
"""Cases that are looked at when fitting; more change the choice no further."""

NEIGHBOURS = (1, 3, 5, 7, 10, 15, 20, 30, 50)
SMOOTHINGS = (0.1, 0.3, 1.0, 3.0, 10.0)
SPREADS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Temperatures that are tried, in units of the spread of the neighbours' scores."""

FEWEST = 20
"""Labelled cases below which the defaults stay: so few cannot say how sure one may be."""

CLOSE = 0.01
"""Of the archive's cases: this share has no other patient's case nearer than the `floor`."""

_STEEPEST = 3.0
"""Largest exponent. One case, however near, weighs at most as twenty at the reference: a score that
no pair of the archive's cases has was not there when the vote was fitted."""


@dataclass(frozen=True, slots=True)
class NeighbourVote:
    """A fitted vote. `prior`: each label's share among the archive's labelled cases; sums to 1.

    Scores are expected as `fit` saw them: weights of the descriptors that sum to 1, so that the
    same picture scores 1. `floor`: what is nearest to a scan of the archive's kind scores no less.
    """

    prior: dict[str, float]
    k: int = 10
    temperature: float = 0.1
    smoothing: float = 1.0
    reference: float = 1.0
    floor: float = -1.0

    @property
    def classes(self) -> tuple[str, ...]:
        """The archive's labels, sorted; empty if no case has one."""
        return tuple(sorted(self.prior))

    def probabilities(
        self,
        scores: FloatImage,
        labels: Sequence[str],
        features: Mapping[str, FloatImage] | None = None,
    ) -> dict[str, float]:
        """How probable each class is, from the nearest `k` labelled neighbours; sums to 1.

        `scores`: float32 (n,), best first or not. `labels`: n names. Neighbours without a label, or
        with one that the archive did not have when this was fitted, have no vote. No neighbour with
        a vote: the prior. An archive without labels: nothing, {}. `features` is not looked at.
        """
        if len(scores) != len(labels):
            raise ValueError(f"{len(scores)} scores for {len(labels)} labels")
        votes = [
            (float(score), label)
            for score, label in zip(scores, labels, strict=True)
            if label in self.prior and math.isfinite(score)
        ]
        votes.sort(key=lambda vote: -vote[0])
        mass = {name: self.smoothing * self.prior[name] for name in self.classes}
        for score, label in votes[: self.k]:
            mass[label] += math.exp(min(_STEEPEST, (score - self.reference) / self.temperature))
        total = sum(mass.values())
        return {name: value / total for name, value in mass.items()}

    def left_out(
        self,
        similarity: FloatImage,
        labels: Sequence[str],
        groups: Sequence[str],
        rows: Indices,
    ) -> NDArray[np.float64]:
        """What it says of some cases among the others of the archive, their own patients' left out.

        `similarity`: float32 (n, n). `rows`: (m,). Returns (m, C), in the order of `classes`.
        """
        alone = without_own(similarity, groups)[rows]
        count = min(self.k, alone.shape[1])
        near = np.argpartition(-alone, count - 1, axis=1)[:, :count]
        scores = np.take_along_axis(alone, near, axis=1)
        told = [
            self.probabilities(scores[at], [labels[other] for other in near[at]])
            for at in range(len(rows))
        ]
        return np.array([[one[name] for name in self.classes] for one in told], np.float64)

    def to_json(self) -> str:
        """The vote as JSON, for the index's `heads/` folder."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The vote that `to_json` wrote. Raises `IndexDamaged` for anything else."""
        try:
            fields = json.loads(text)
            vote = cls(
                prior={str(name): float(share) for name, share in fields["prior"].items()},
                k=int(fields["k"]),
                temperature=float(fields["temperature"]),
                smoothing=float(fields["smoothing"]),
                reference=float(fields["reference"]),
                floor=float(fields["floor"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDamaged(
                f"the neighbour vote of the index cannot be read: {error!r}"
            ) from error
        if vote.k < 1 or not vote.temperature > 0 or not vote.smoothing > 0:
            raise IndexDamaged(
                f"the neighbour vote of the index has k {vote.k}, temperature {vote.temperature}, "
                f"smoothing {vote.smoothing}; all are above 0"
            )
        return vote

    @classmethod
    def fit(
        cls,
        similarity: FloatImage,
        labels: Sequence[str],
        groups: Sequence[str],
        archive: Sequence[str] = (),
        judged: Mask | None = None,
    ) -> Self:
        """The k, temperature and smoothing with the least log loss, each patient left out in turn.

        `similarity`: float32 (n, n), the scores that the archive's cases give each other.
        `labels`: n names, empty where a case has none. `groups`: n patient ids. `archive`: the
        labels of all its cases, where these n are but a sample of them: a label that the sample
        missed has a vote all the same. `judged`: bool (n,), the cases that choose, all of them if
        not given; the others are neighbours only. At most `CAP` cases are looked at, whole patients
        at a time. With fewer than two labels or `FEWEST` cases to choose by, or nobody to be a
        neighbour, the defaults stay.
        """
        labelled = np.flatnonzero(np.asarray(labels, dtype=str) != "")
        may = np.ones(len(labels), bool) if judged is None else judged
        prior = _prior([label for label in archive or labels if label])
        drawn = sample_judged([groups[row] for row in labelled.tolist()], may[labelled], CAP)
        rows = labelled[drawn]
        asked = may[rows]
        if len(prior) < 2 or asked.sum() < FEWEST:
            return cls(prior)
        alone = without_own(similarity[np.ix_(rows, rows)], [groups[row] for row in rows])
        index = {name: at for at, name in enumerate(sorted(prior))}
        truth = np.array([index[labels[row]] for row in rows], dtype=np.intp)
        scores, found = _nearest(alone, truth)
        scores, found, truth = scores[asked], found[asked], truth[asked]
        if not np.isfinite(scores[:, 0]).all():
            return cls(prior)
        shares = np.array([prior[name] for name in sorted(prior)])[truth]
        floor = float(np.quantile(scores[:, 0], CLOSE))
        return cls(prior, *_choose(scores, found == truth[:, None], shares), floor)


def _prior(labels: Sequence[str]) -> dict[str, float]:
    """Each label's share, by name."""
    names, counts = np.unique(np.asarray(labels, dtype=str), return_counts=True)
    return {
        str(name): float(count / len(labels)) for name, count in zip(names, counts, strict=True)
    }


def _nearest(alone: FloatImage, truth: Indices) -> tuple[FloatImage, Indices]:
    """Each case's nearest others, best first: scores (n, m) and classes (n, m)."""
    most = min(max(NEIGHBOURS), len(alone) - 1)
    near = np.argpartition(-alone, most - 1, axis=1)[:, :most]
    scores = np.take_along_axis(alone, near, axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")
    return np.take_along_axis(scores, order, axis=1), truth[np.take_along_axis(near, order, axis=1)]


def _choose(
    scores: FloatImage, right: Indices, shares: FloatImage
) -> tuple[int, float, float, float]:
    """k, temperature, smoothing and reference with the least mean log loss.

    `scores`: (n, m), best first. `right`: bool (n, m), whether that neighbour has the case's label.
    `shares`: (n,), the prior of each case's label.
    """
    finite = np.isfinite(scores)
    reference = float(np.median(scores[:, 0]))
    spread = float(np.std(scores[finite])) or 1.0
    counts = [k for k in NEIGHBOURS if k < scores.shape[1]] + [scores.shape[1]]
    best = (math.inf, counts[0], spread, SMOOTHINGS[0])
    for temperature in (spread * factor for factor in SPREADS):
        weights = np.exp(np.minimum(_STEEPEST, (scores.astype(float) - reference) / temperature))
        agreeing = np.cumsum(weights * right, axis=1)
        all_of_them = np.cumsum(weights, axis=1)
        for k in counts:
            for smoothing in SMOOTHINGS:
                hit = agreeing[:, k - 1] + smoothing * shares
                loss = -float(np.mean(np.log(hit / (all_of_them[:, k - 1] + smoothing))))
                # Simpler settings come first, and only a clear gain replaces them.
                if loss < best[0] - 1e-9:
                    best = (loss, k, temperature, smoothing)
    return best[1], best[2], best[3], reference
