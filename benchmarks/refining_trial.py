"""Who asks whom when ways to refine a search are compared, and what each is worth."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.refining_seen import People
from models.heads.leave_out import codes, patients_of
from models.measures.predictions import Numbers
from retrieval.evaluation.fitted import as_it_is, cross_fitted
from retrieval.evaluation.measured import Archive, measured
from retrieval.evaluation.questions import Question, questions_of
from retrieval.evaluation.refined import Voting, as_it_votes, cross_voting
from retrieval.evaluation.systems import System, Weighted
from retrieval.index import OpenIndex

MEASURES = ("mAP", "hit_rate@1", "precision@5", "MAP@R")
_WORTH = (0, 1)


@dataclass(frozen=True, slots=True)
class Trial:
    """Questions to an archive, without their text: a new scan has no report.

    `base`: the index's own search, fitted without whoever asks. `votes`: as many as it has folds.
    """

    index: OpenIndex
    asking: OpenIndex
    asked: tuple[Question, ...]
    base: Weighted
    votes: Sequence[Voting]

    @property
    def people(self) -> People:
        """A number for each case's person."""
        return codes(patients_of(self.index.cases.column("patient_id").to_pylist()))

    @property
    def patients(self) -> list[str]:
        """Each question's patient."""
        return [one.patient_id for one in self.asked]

    def known(self) -> Archive:
        """What can be found."""
        facts: list[dict[str, str]] = [{} for _ in self.index.labels]
        return Archive(self.index.ranker.case_of_row, self.index.labels, facts)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system found: `values` float64 (questions, measures); CPU milliseconds a question."""

    values: Numbers
    cpu_ms: float

    @property
    def worth(self) -> float:
        """The mean of mAP and precision@1, by which a form is chosen; NaN without questions."""
        return float(np.nanmean(self.values[:, _WORTH]))


@contextmanager
def trial(archive: Path, queries: Path | None, most: int) -> Iterator[Trial]:
    """`queries`: an index whose cases ask; None: the archive's own, each without its patient.

    `most`: questions at most, whole patients.
    """
    index = OpenIndex(archive)
    asking = index if queries is None else OpenIndex(queries)
    try:
        asked = questions_of(asking, index, most).asked
        fitted, fold_of = cross_fitted(index) if queries is None else as_it_is(index)
        votes = cross_voting(index, fold_of) if queries is None else as_it_votes(index)
        silent = [replace(one, weights={**one.weights, "text": 0.0}) for one in fitted]
        base = Weighted(index.ranker, index.searched, silent, fold_of)
        yield Trial(index, asking, asked, base, votes)
    finally:
        asking.close()
        if asking is not index:
            index.close()


def outcome(system: System, known: Archive, asked: Sequence[Question]) -> Outcome:
    """Asks every question."""
    began = time.process_time()
    values = measured(system, asked, known, MEASURES).values
    return Outcome(values, 1000 * (time.process_time() - began) / max(1, len(asked)))
