"""How well an index finds what it should: the whole way on one screen.

open -> who asks -> what answers (floors among it) -> every measure of every question -> figures
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from indexer.take import Progress
from models.errors import NothingToIndex, UsageError
from models.measures.predictions import Numbers
from retrieval import aggregation
from retrieval.aggregation import Aggregation
from retrieval.evaluation.asking import asking_index
from retrieval.evaluation.figures import Evaluation, compared, figures
from retrieval.evaluation.fitted import CrossFitted, as_it_is, cross_fitted
from retrieval.evaluation.floors import floors_of
from retrieval.evaluation.measured import Archive, Measured, measured
from retrieval.evaluation.questions import OF_GROUPS, Questions, groups_of, questions_of
from retrieval.evaluation.refined import refined_by
from retrieval.evaluation.search_recall import search_recall
from retrieval.evaluation.systems import (
    System,
    Weighted,
)
from retrieval.evaluation.trec import write_trec
from retrieval.index import OpenIndex
from retrieval.weighing import check_weights

OURS = "cbir"
UNTAUGHT = "without what labels taught"
KS = (1, 5, 10)
MOST = 2000

WITH_K = ("hit_rate", "precision", "recall", "nDCG")
WHOLE = ("mAP", "MAP@R")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be evaluated, and how.

    `queries`: a folder, manifest or index whose cases ask; None: the archive's own, each without
    its patient. `ks`: where rankings are cut. `weights`: of descriptors, in place of learned ones.
    `against`: another index of the same archive, or `against_weights`: other weights, to be
    compared with. `aggregate`: one of `retrieval.aggregation`; `against_aggregate`: another, to be
    compared with. `most`: questions at most, whole patients drawn. `workers`: processes that
    describe a query set; None: one a core. `trec`: a folder for runs and relevance. `pictures`:
    whether a page is to be made. `more`: further measures, by their names. `refine`: a row for a
    search that is refined, "" or one of `retrieval.refining.WAYS`.
    """

    index: Path
    queries: Path | None = None
    ks: tuple[int, ...] = KS
    weights: Mapping[str, float] = field(default_factory=dict)
    against: Path | None = None
    against_weights: Mapping[str, float] = field(default_factory=dict)
    aggregate: str = aggregation.DEFAULT
    against_aggregate: str = ""
    most: int = MOST
    workers: int | None = None
    trec: Path | None = None
    pictures: bool = False
    more: tuple[str, ...] = ()
    refine: str = ""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What came of it. `asked`, `found`: JPEGs by instance row, of the cases that a page shows."""

    figures: Evaluation
    asked: Mapping[int, bytes]
    found: Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class _Trial:
    """Who asks whom."""

    archive: OpenIndex
    asking: OpenIndex
    questions: Questions
    known: Archive
    remarks: tuple[str, ...]
    fitted: CrossFitted


def evaluate(asked: Asked, progress: Progress) -> Evaluated:
    """All figures. Raises `UsageError`, `NothingToIndex` where nobody can ask, and what opening
    and building an index raise.
    """
    names = tuple(dict.fromkeys((*measures_of(asked.ks), *asked.more)))
    how = aggregation.load(asked.aggregate)
    with _trial(asked, asked.index, progress) as trial:
        asking, archive, questions = trial.asking, trial.archive, trial.questions
        for weights in (asked.weights, asked.against_weights):
            check_weights(weights, archive.searched)
        _check_against(asked, archive)
        own = ours(trial, asked.weights, how)
        systems: dict[str, System] = {OURS: own}
        if any(one.taught for one in own.folds):
            systems[UNTAUGHT] = replace(own, folds=[one.untaught() for one in own.folds])
        if asked.refine:
            systems[f"refined by {asked.refine}"] = refined_by(asked.refine, own, archive, asking)
        systems |= floors_of(asking, archive, questions, how)
        found = _all_measured(systems, trial, names, progress)
        told = figures(archive, asking, questions, names, found)
        others = _others(asked, trial, names)
        told = told.with_more(
            compared=compared(names, questions, found, others),
            search_recall=search_recall(archive, questions, own),
            remarks=(*trial.remarks, *_remarks(trial, asked)),
        )
        if asked.trec is not None:
            write_trec(asked.trec, own, questions.asked, trial.known, archive.case_ids)
        if not asked.pictures:
            return Evaluated(told, {}, {})
        shown = [case.row for one in told.worst for case in one.found]
        shown += [case.row for case, _ in told.hubs]
        return Evaluated(
            told,
            asking.store.preview(sorted({one.row for one in told.worst})),
            archive.store.preview(sorted(set(shown))),
        )


@contextmanager
def _trial(asked: Asked, index: Path, progress: Progress) -> Iterator[_Trial]:
    archive = OpenIndex(index)
    try:
        with asking_index(archive, asked.queries, asked.workers, progress) as (asking, remarks):
            questions = questions_of(asking, archive, asked.most)
            _check(questions, archive, asked)
            facts = [groups_of(row) for row in archive.cases.to_pylist()]
            known = Archive(archive.ranker.case_of_row, archive.labels, facts)
            fitted = cross_fitted(archive) if asking is archive else as_it_is(archive)
            yield _Trial(archive, asking, questions, known, remarks, fitted)
    finally:
        archive.close()


def _all_measured(
    systems: Mapping[str, System], trial: _Trial, names: Sequence[str], progress: Progress
) -> dict[str, Measured]:
    asked = trial.questions.asked
    done, total = 0, len(systems) * len(asked)

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress("evaluate", done, total)

    return {
        name: measured(system, asked, trial.known, names, OF_GROUPS if name == OURS else (), step)
        for name, system in systems.items()
    }


def measures_of(ks: Sequence[int]) -> tuple[str, ...]:
    """The names of all measures. Raises `UsageError` for a k below 1."""
    if not ks or min(ks) < 1:
        raise UsageError(f"k is {', '.join(map(str, ks)) or 'missing'}; it is at least 1")
    cuts = sorted(set(ks))
    return (*(f"{name}@{k}" for name in WITH_K for k in cuts), *WHOLE)


def ours(trial: _Trial, weights: Mapping[str, float], how: Aggregation) -> Weighted:
    """The index's own search, with what was fitted without whoever asks.

    Without text, unless `weights` gives it one: a new scan has no report yet, and that of a known
    one may hold the diagnosis in so many words.
    """
    folds, fold_of = trial.fitted
    chosen = [replace(one, weights={**one.weights, "text": 0.0, **weights}) for one in folds]
    return Weighted(trial.archive.ranker, trial.archive.searched, chosen, fold_of, how)


def _others(
    asked: Asked, trial: _Trial, names: Sequence[str]
) -> dict[str, tuple[list[str], Numbers]]:
    """What is compared with beside the floors: name -> its questions' case ids, and values."""
    found = {}
    if asked.against_weights or asked.against_aggregate:
        told = [f"{name}={value:g}" for name, value in asked.against_weights.items()]
        told += filter(None, [asked.against_aggregate])
        weights = asked.against_weights or asked.weights
        how = aggregation.load(asked.against_aggregate or asked.aggregate)
        found[f"{OURS}, {', '.join(told)}"] = _answers(ours(trial, weights, how), trial, names)
    if asked.against is not None:
        with _trial(asked, asked.against, lambda *_: None) as beside:
            own = ours(beside, asked.weights, aggregation.load(asked.aggregate))
            found[str(asked.against)] = _answers(own, beside, names)
    return found


def _answers(system: System, trial: _Trial, names: Sequence[str]) -> tuple[list[str], Numbers]:
    questions = trial.questions.asked
    values = measured(system, questions, trial.known, names).values
    return [one.case_id for one in questions], values


def _check(questions: Questions, archive: OpenIndex, asked: Asked) -> None:
    """Raises `NothingToIndex` where nobody can ask, or nobody can be found."""
    if not any(archive.labels):
        raise NothingToIndex(
            f"{archive.path} has no labels, so nobody knows what is relevant; index it with labels "
            "(folders, a column `label`, or --label-from)"
        )
    if not questions.asked:
        why = "; ".join(f"{count} {reason}" for reason, count in questions.left_out.items())
        raise NothingToIndex(f"no case of {asked.queries or asked.index} can ask ({why or 'none'})")


def _check_against(asked: Asked, archive: OpenIndex) -> None:
    """Raises `UsageError` unless the other index holds the same cases with the same labels.

    Otherwise the two would not be asked the same questions.
    """
    if asked.against is None:
        return
    other = OpenIndex(asked.against)
    try:
        both = (dict(zip(one.case_ids, one.labels, strict=True)) for one in (archive, other))
        first, second = both
    finally:
        other.close()
    if first != second:
        raise UsageError(
            f"{asked.against} holds other cases or labels than {archive.path}, so the two are not "
            "asked the same; index the same archive"
        )


def _remarks(trial: _Trial, asked: Asked) -> list[str]:
    """What a reader of the figures should know."""
    questions, archive = trial.questions, trial.archive
    said = [f"cases {why}, which do not ask: {n}" for why, n in questions.left_out.items()]
    texts = any(one.blocks["text"].any() for one in questions.asked)
    if texts and not asked.weights.get("text"):
        said.append(
            'the row "text alone" asks with each case\'s own report, which may name its label; the '
            "others ask without it"
        )
    nameless = questions.patients.count("")
    if nameless:
        said.append(
            f"{nameless} questions name no patient: another film of the same person may have "
            "answered them, so leakage cannot be excluded"
        )
    told = archive.cases.select(["patient_id", "label"]).to_pylist()
    unknown = sum(bool(row["label"]) and not row["patient_id"] for row in told)
    if unknown and trial.asking is not archive:
        said.append(
            f"{unknown} cases of the archive name no patient: they may be of a person who asks, so "
            "leakage cannot be excluded"
        )
    if len(set(filter(None, archive.labels))) == 1:
        said.append("the archive has one label only, so every case that is found is relevant")
    labelled = sum(map(bool, archive.labels))
    if labelled < len(archive.labels):
        said.append(
            f"cases without a label, which are not ranked: {len(archive.labels) - labelled}"
        )
    findable = labelled - (trial.asking is archive)
    if max(asked.ks) > findable:
        said.append(f"k = {max(asked.ks)} is more than the {findable} cases that can be found")
    return said
