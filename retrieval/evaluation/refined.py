"""A refined search as a system: what answers when the suggestion has its say in the order.

As `cbir query --refine diagnosis` does it, but for the rules that look at the scan itself (quality,
another kind, novelty), which have nothing to object to in a case of the archive's kind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from threadpoolctl import threadpool_limits

from indexer.fit import evidence_of, fit_weights, seen_cases
from models.arrays import Mask
from models.heads import DiagnosisHead, combined
from models.heads.evidence import FOLDS
from models.runtime.registry import trained_on
from models.table import load
from retrieval.evaluation.questions import Question
from retrieval.evaluation.systems import Fitted, Weighted
from retrieval.index import OpenIndex
from retrieval.ranking import Rows
from retrieval.refining import WAYS
from retrieval.refining.diagnosis import SHARE


@dataclass(frozen=True, slots=True)
class Voting:
    """A diagnosis head, and the weights with which cases vote for it."""

    head: DiagnosisHead
    weights: Mapping[str, float]


def as_it_votes(index: OpenIndex) -> list[Voting]:
    """What stands in the index, for whoever had no part in it."""
    return [Voting(index.heads.diagnosis, index.vote_weights)]


def cross_voting(index: OpenIndex, fold_of: Mapping[str, int]) -> list[Voting]:
    """A head for each fold of the patients, fitted as `indexer.fit` does it on the others.

    `fold_of`: of labelled cases by their ids, from `retrieval.evaluation.fitted`.
    """
    import scipy.optimize  # noqa: F401 - a BLAS of its own, limited only once it is loaded

    folds = np.array([fold_of.get(name, -1) for name in index.case_ids])
    judged = ~seen_cases(index.store, index.cases, trained_on(index.config.encoder))
    found = []
    with threadpool_limits(1, user_api="blas"):
        for number in range(FOLDS):
            kept = folds != number
            cases = index.cases.filter(pa.array(kept))
            evidence = evidence_of(index.generation.path, cases, index.dims, judged[kept])
            fusion = fit_weights(evidence)
            found.append(Voting(combined.fit(evidence, fusion.weights), fusion.weights))
    return found


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """The index's own search, refined by the suggestion.

    `votes`: as many as `base` has folds. `labels`: each case's, empty without one.
    """

    base: Weighted
    votes: Sequence[Voting]
    labels: Sequence[str]
    share: float = SHARE

    def order(self, question: Question, allowed: Mask) -> Rows:
        """By similarity and by what the suggestion says of each case's label."""
        cases, scores = self.base.scores(question, allowed)
        told = self._suggested(question, allowed)
        if told is None:
            return cases
        own = np.array([told.get(self.labels[case], 0.0) for case in cases.tolist()])
        return cases[np.lexsort((cases, -((1 - self.share) * scores + self.share * own)))]

    def _suggested(self, question: Question, allowed: Mask) -> dict[str, float] | None:
        """How probable each label is; None where none leads clearly enough to be suggested."""
        vote = self.votes[self.base.fold_of.get(question.case_id, 0)]
        if len(vote.head.classes) < 2:
            return None
        looks = Weighted(self.base.ranker, self.base.dims, [Fitted(vote.weights)])
        pictures = {name: own for name, own in question.blocks.items() if name != "text"}
        query = looks.vector(replace(question, blocks=pictures))
        if query is None:
            return None
        near = self.base.ranker.nearest(query, vote.head.k, allowed)
        scores = np.array([one.score for one in near], np.float32)
        middle = len(query) // 2
        features = {name: block[middle] for name, block in pictures.items()}
        labels = [self.labels[one.case] for one in near]
        told = vote.head.probabilities(scores, labels, features)
        least = vote.head.calibration.unsure_below if vote.head.calibration else 0.0
        return told if max(told.values()) >= least else None


def refined_by(name: str, base: Weighted, archive: OpenIndex, asking: OpenIndex) -> Diagnosed:
    """The search refined, by what was fitted without whoever asks. Raises `UsageError`."""
    load(WAYS, name, "way to refine")
    alone = asking is archive
    votes = cross_voting(archive, base.fold_of) if alone else as_it_votes(archive)
    return Diagnosed(base, votes, archive.labels)
