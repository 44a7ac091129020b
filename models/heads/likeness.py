"""Likeness that an archive's labels taught: a fifth block beside those that describe a picture.

    block(x) = the square roots of p(x) ^ s, scaled to sum 1

where p is what the linear part says of x, with all labels equally likely beforehand: how common a
label is in the archive says nothing of how alike two scans are. Its length is 1, and the inner
product of two such blocks is the Bhattacharyya coefficient of what is said of the two scans (1943):
1 where it is the same, 0 where it shares nothing. Both scans are judged by their pixels; an
archive's own label of a case plays no part beyond what it taught.

How much it counts beside the picture's own blocks, and how sharp it is (s), is chosen on patients
that were left out, and nothing is kept that is not clearly better there. Its worth is the mean of
mAP and precision@1: by mAP alone the order of all would be bought with the first hits, at which
people look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.arrays import FloatImage, Mask
from models.heads import linear
from models.heads.evidence import FOLDS, Evidence
from models.heads.leave_out import codes, patients_of
from models.heads.linear import LinearPart
from models.measures.predictions import Numbers
from models.measures.ranked import Rankings
from models.measures.ranked.average_precision import average_precision
from models.measures.ranked.hit_rate import hit_rate

BLOCK = "learned"
"""Its name beside `models.descriptors.BLOCKS`."""

CAP = 1000
"""Cases that its weight is chosen on."""

SHARES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95)
SHARPNESS = (1.0, 2.0, 4.0)
"""The linear part is fitted to be honest of single scans, which is soft for an order of all."""

CLEARLY = 0.01
"""Worth that it has to bring to be kept."""

SURELY = 2.5
"""Standard errors over patients that what it brings has to exceed; it is the best of many forms.
Of these the plainest is taken that is within one standard error of the best (Breiman et al. 1984,
Classification and Regression Trees)."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """`share`: of the score, what remains is the picture's own blocks'. `sharpness`: the exponent.
    `without`, `reached`: its worth on patients left out, with the picture's blocks alone and with
    both: the mean of mAP and precision@1, labels alike.
    """

    linear: LinearPart
    sharpness: float
    share: float
    without: float
    reached: float

    @property
    def dim(self) -> int:
        """How many numbers the block has: one a label."""
        return len(self.linear.classes)

    def block(self, features: Mapping[str, FloatImage]) -> FloatImage:
        """Of scans whose blocks are float32 (n, dim) each: float32 (n, C), rows of length 1."""
        return _roots(self.linear.probabilities(features), self.sharpness)


def _roots(probabilities: Numbers, sharpness: float) -> FloatImage:
    raised = probabilities**sharpness
    return np.asarray(np.sqrt(raised / raised.sum(axis=-1, keepdims=True)), np.float32)


def fit(evidence: Evidence, part: LinearPart, weights: Mapping[str, float]) -> Likeness | None:
    """What `part`, fitted on all of the evidence, brings beside the blocks weighted by `weights`.

    None where it does not clearly and surely bring anything.
    """
    whole, evidence = evidence, evidence.sampled(CAP)
    similarity, truth, folds = evidence.similarity(weights), evidence.truth, evidence.folds()
    forms = [(sharpness, share) for sharpness in SHARPNESS for share in SHARES]
    found = np.zeros((len(forms), len(evidence)))
    asked = np.zeros(len(evidence), bool)
    for fold in range(FOLDS):
        rows, rest = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        if len(set(truth[rest].tolist())) < 2:
            continue
        wanted = (truth[rows][:, None] == truth[rest][None]).sum(axis=1)
        known = (wanted > 0) & evidence.judged[rows]
        rows, wanted = rows[known], wanted[known]
        asked[rows] = True
        others = evidence.rows(rest)
        own = linear.fitted(others, part.classes, part.blocks, part.ridge)
        said = _even(own, others).probabilities(evidence.blocks)
        looks = similarity[np.ix_(rows, rest)]
        for place, (sharpness, share) in enumerate(forms):
            blocks = _roots(said, sharpness)
            score = (1 - share) * looks + share * (blocks[rows] @ blocks[rest].T)
            order = np.argsort(-score, axis=1, kind="stable")
            told = Rankings(truth[rest][order], truth[rows], wanted)
            found[place, rows] = (average_precision(told) + hit_rate(told, 1)) / 2
    reached = _Reached.of(found, evidence, asked)
    best = int(reached.means.argmax())
    place = next(at for at in range(len(forms)) if not reached.clearly(best, at, 1.0))
    if not reached.clearly(place, 0, SURELY):
        return None
    return Likeness(
        _even(part, whole), *forms[place], float(reached.means[0]), float(reached.means[place])
    )


def _even(part: LinearPart, evidence: Evidence) -> LinearPart:
    """The part without what it knows of how common labels are in the evidence (its prior)."""
    labels = np.asarray(evidence.labels, dtype=str)
    counts = np.array([(labels == name).sum() for name in part.classes], np.float64)
    shares = np.maximum(counts, 1) / max(1.0, counts.sum())
    return replace(part, bias=(part.bias - np.log(shares)).astype(np.float32))


@dataclass(frozen=True, slots=True)
class _Reached:
    """What each form is worth, labels alike. `shares`: float64 (forms, patients), which add up to
    `means`, (forms,).
    """

    shares: Numbers
    means: Numbers

    @classmethod
    def of(cls, values: Numbers, evidence: Evidence, asked: Mask) -> "_Reached":
        """`values`: float64 (forms, n). `asked`: bool (n,), the cases that count."""
        labels = evidence.truth
        counts = np.bincount(labels[asked], minlength=len(evidence.classes))
        weights = np.where(asked, 1 / np.maximum(1, counts[labels]) / max(1, (counts > 0).sum()), 0)
        whose = codes(patients_of(evidence.patients))
        turn = np.zeros((len(evidence), int(whose.max(initial=0)) + 1))
        turn[np.arange(len(evidence)), whose] = weights
        shares = values @ turn
        return cls(shares, shares.sum(axis=1))

    def clearly(self, better: int, worse: int, errors: float) -> bool:
        """Whether one form is better by `CLEARLY` and by so many standard errors over patients."""
        apart = self.shares[better] - self.shares[worse]
        gain = float(apart.sum())
        spread = float(np.sqrt(((apart - apart.mean()) ** 2).sum()))
        return gain >= CLEARLY and gain >= errors * spread
