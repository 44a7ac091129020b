"""The diagnosis head: the nearest cases' vote and the scan's own numbers, as one calibrated answer.

What is fitted, and on what: the vote (`neighbours`) and the linear part (`linear`) each say what
every judged case is, without having seen its patient; from that the two are pooled and calibrated
(`pooling`); the pooled answers, left out once more, give the sets (`conformal`), and how sure one
may be (`calibration`). `novelty` tells scans of another kind. A small archive has the vote alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.heads import linear, novelty, pooling
from models.heads.calibration import Calibration
from models.heads.conformal import ConformalSets
from models.heads.evidence import FOLDS, Evidence
from models.heads.leave_out import Indices, patients_of
from models.heads.linear import LinearPart
from models.heads.neighbours import FEWEST, NeighbourVote
from models.heads.novelty import Novelty
from models.heads.pooling import Pool

Numbers = NDArray[np.float64]

CAP = 3000
"""Labelled cases, whole patients, that a head is fitted on: seconds, and 36 MB of scores."""

_POOLED = 1  # seeds of the folds: those of the pool are others than those of its parts

VOTE, LINEAR = "neighbours", "linear"


@dataclass(frozen=True, slots=True)
class CombinedHead:
    """A fitted head; see `models.heads.DiagnosisHead`.

    What the archive was too small for is None. `note`: why, for a person; empty if nothing is
    missing.
    """

    vote: NeighbourVote
    linear: LinearPart | None = None
    pool: Pool | None = None
    sets: ConformalSets | None = None
    novelty: Novelty | None = None
    calibration: Calibration | None = None
    note: str = ""

    @property
    def classes(self) -> tuple[str, ...]:
        """The archive's labels, sorted; empty if no case has one."""
        return self.vote.classes

    @property
    def shares(self) -> dict[str, float]:
        """Each label's share among the archive's labelled cases."""
        return {name: self.vote.prior[name] for name in self.classes}

    @property
    def k(self) -> int:
        """How many of the nearest labelled cases it wants to see."""
        return self.vote.k

    @property
    def floor(self) -> float:
        """The score below which the nearest case is not close."""
        return self.vote.floor

    def probabilities(
        self,
        scores: FloatImage,
        labels: Sequence[str],
        features: Mapping[str, FloatImage] | None = None,
    ) -> dict[str, float]:
        """How probable each class is; the values sum to 1.

        `scores`, `labels`: of the nearest labelled cases, best first. `features`: the query's
        blocks, float32 (dim,) each; without them the vote speaks alone.
        """
        voted = self.vote.probabilities(scores, labels)
        if self.pool is None or (self.linear is not None and features is None):
            return voted
        parts = {VOTE: np.array([[voted[name] for name in self.classes]])}
        if self.linear is not None and features is not None:
            own = self.linear.probabilities(features)
            parts[LINEAR] = spread(own[None], self.linear.classes, self.vote.prior)
        pooled = self.pool.together(parts, self.classes)[0]
        return {name: float(value) for name, value in zip(self.classes, pooled, strict=True)}


def spread(known: Numbers, names: Sequence[str], prior: Mapping[str, float]) -> Numbers:
    """Probabilities (n, C) over all labels of `prior`, sorted, from those (n, K) of some labels.

    A label that is not among `names` has its share of the archive; the others share the rest.
    """
    classes = sorted(prior)
    spoken_for = [name in set(names) for name in classes]
    shares = np.array([prior[name] for name in classes])
    found = np.tile(shares, (len(known), 1))
    found[:, spoken_for] = known * (1 - shares[~np.array(spoken_for)].sum())
    return found


def fit(
    evidence: Evidence, weights: Mapping[str, float], archive: Sequence[str] = ()
) -> CombinedHead:
    """The head of an archive.

    `weights`: of the blocks, as they score. `archive`: the labels of all its cases, where the
    evidence is but a sample of them. At most `CAP` cases are looked at.
    """
    evidence = evidence.sampled(CAP)
    similarity = evidence.similarity(weights)
    labels, patients = evidence.labels, evidence.patients
    vote = NeighbourVote.fit(similarity, labels, patients, archive or labels, evidence.judged)
    note = _too_little(evidence)
    if note:
        return CombinedHead(vote, note=note)
    judged = np.flatnonzero(evidence.judged)
    parts = {VOTE: vote.left_out(similarity, labels, patients, judged)}
    own = linear.fit(evidence)
    if own is not None:
        parts[LINEAR] = spread(own[1][judged], own[0].classes, vote.prior)
    truth = _places([labels[row] for row in judged], vote.classes)
    folds = evidence.folds(_POOLED)[judged]
    pool, left_out = pooling.fit(parts, truth, folds, vote.classes)
    return CombinedHead(
        vote=vote,
        linear=None if own is None else own[0],
        pool=pool,
        sets=ConformalSets.fit(left_out, truth, vote.classes),
        novelty=novelty.fit(evidence),
        calibration=Calibration.fit(left_out, truth, vote.classes),
    )


def _places(labels: Sequence[str], classes: Sequence[str]) -> Indices:
    place = {name: at for at, name in enumerate(classes)}
    return np.array([place[label] for label in labels], np.intp)


def _too_little(evidence: Evidence) -> str:
    """Why there is too little to calibrate an answer with; empty if there is enough."""
    judged = evidence.rows(np.flatnonzero(evidence.judged))
    if len(judged) >= FEWEST and len(set(judged.labels)) > 1 and _several_patients(judged):
        return ""
    if len(judged) < len(evidence):
        return (
            f"the encoder was trained on all but {len(judged)} of the labelled cases; it takes "
            f"{FEWEST} that it has not seen, of two labels, to fit and check probabilities"
        )
    return (
        f"the archive has {len(evidence)} labelled cases of {len(set(evidence.labels))} labels; "
        f"from {FEWEST} cases, two labels and {FOLDS} patients on, probabilities are fitted and "
        "checked"
    )


def _several_patients(evidence: Evidence) -> bool:
    """Whether every fold can have a patient."""
    return len(set(patients_of(evidence.patients))) >= FOLDS
