"""What was measured, in figures: means with intervals, groups, hubs, comparisons, the worst."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.measures.hubness import Hubness, hubness
from models.measures.means import Means, means
from models.measures.paired import Difference, difference
from models.measures.predictions import Numbers
from retrieval.evaluation.measured import Measured
from retrieval.evaluation.questions import OF_GROUPS, Question, Questions
from retrieval.index import OpenIndex

LEAST = 10
"""Questions that a group must have to get figures of its own."""

WORST = 12
SHOWN = 5
HUBS_AT = 10
COMPARED_BY = ("mAP", "hit_rate@1")


@dataclass(frozen=True, slots=True)
class System:
    """One row of the table. `means`: in the order of the measures. Curves: micro means at k = 1 to
    `len`, of hit rate, precision and recall.
    """

    name: str
    means: tuple[Means, ...]
    curves: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True, slots=True)
class Group:
    """Questions of one kind. `everywhere`: of the whole archive; `within`: when only cases of the
    same kind can be found, and only where those have two labels.
    """

    column: str
    value: str
    questions: int
    everywhere: tuple[Means, ...]
    within: tuple[Means, ...] | None


@dataclass(frozen=True, slots=True)
class Found:
    """A case in a list. `row`: its picture's, in the archive."""

    case_id: str
    label: str
    row: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and what was found. `row`: its picture's, in the asking index."""

    case_id: str
    patient_id: str
    label: str
    row: int
    average_precision: float
    found: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The first system beside another: mean difference (first less second) of a measure."""

    name: str
    measure: str
    questions: int
    difference: Difference


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole report.

    `leave_one_out`: whether the archive's own cases asked. `search_recall`: see the file of that
    name. `unanswerable`: questions that nothing in the archive is relevant to; they count nowhere.
    """

    index: str
    generation: int
    leave_one_out: bool
    counts: Mapping[str, int]
    labels: Mapping[str, int]
    measures: tuple[str, ...]
    systems: tuple[System, ...]
    groups: tuple[Group, ...]
    hubness: Hubness
    hubs: tuple[tuple[Found, int], ...]
    worst: tuple[Asked, ...]
    asked: tuple[Asked, ...]
    unanswerable: int
    compared: tuple[Compared, ...] = ()
    search_recall: float = float("nan")
    remarks: tuple[str, ...] = ()

    @property
    def by(self) -> str:
        """Who asked, for a person."""
        return "each case, its patient left out" if self.leave_one_out else "a query set"

    def with_more(
        self, compared: Sequence[Compared], search_recall: float, remarks: Sequence[str]
    ) -> Self:
        """The same with what is known later."""
        return replace(
            self,
            compared=tuple(compared),
            search_recall=search_recall,
            remarks=(*self.remarks, *remarks),
        )


def figures(
    archive: OpenIndex,
    asking: OpenIndex,
    questions: Questions,
    names: Sequence[str],
    found: Mapping[str, Measured],
) -> Evaluation:
    """The figures of each system, and the rest of the first."""
    ours = next(iter(found.values()))
    labels = [one.label for one in questions.asked]
    lists = _lists(archive, questions, ours, names)
    worst = sorted(
        (one for one in lists if not np.isnan(one.average_precision)),
        key=lambda one: one.average_precision,
    )
    labelled = np.array([bool(label) for label in archive.labels], bool)
    findable = np.flatnonzero(labelled)
    hubs = hubness(ours.first[:, :HUBS_AT], findable, HUBS_AT)
    unanswerable = int((ours.wanted == 0).sum())
    return Evaluation(
        index=str(archive.path),
        generation=archive.generation.number,
        leave_one_out=asking is archive,
        counts={
            "cases": len(archive.case_ids),
            "labelled": sum(map(bool, archive.labels)),
            "questions": len(questions.asked),
            "patients asking": len(set(questions.patients) - {""}),
        },
        labels={label: labels.count(label) for label in sorted(set(labels))},
        measures=tuple(names),
        systems=tuple(_system(name, one, questions) for name, one in found.items()),
        groups=tuple(_groups(questions, ours)),
        hubness=hubs,
        hubs=_most_found(archive, hubs, findable),
        worst=tuple(worst[:WORST]),
        asked=tuple(lists),
        unanswerable=unanswerable,
        remarks=(f"questions to which no case is relevant, left out: {unanswerable}",)
        if unanswerable
        else (),
    )


def _system(name: str, told: Measured, questions: Questions) -> System:
    labels = [one.label for one in questions.asked]
    known = told.wanted > 0
    reached = int((told.first >= 0).any(axis=0).sum())
    relevant = told.relevant[known, :reached]
    ranks = np.arange(1, relevant.shape[1] + 1)
    sums = np.cumsum(relevant, axis=1)
    curves = {
        "hit_rate": (sums > 0).mean(axis=0) if known.any() else (),
        "precision": (sums / ranks).mean(axis=0) if known.any() else (),
        "recall": (sums / told.wanted[known, None]).mean(axis=0) if known.any() else (),
    }
    return System(
        name,
        tuple(means(told.values, labels, questions.patients)),
        {curve: tuple(float(value) for value in values) for curve, values in curves.items()},
    )


def _groups(questions: Questions, told: Measured) -> list[Group]:
    found = []
    for column in OF_GROUPS:
        values = [one.facts.get(column, "") for one in questions.asked]
        counts = Counter(filter(None, values))
        kinds = sorted(value for value, count in counts.items() if count >= LEAST)
        if len(counts) < 2:
            continue
        for kind in kinds:
            rows = np.array([value == kind for value in values], bool)
            some = [one for one, chosen in zip(questions.asked, rows, strict=True) if chosen]
            found.append(_group(column, kind, some, told.values[rows], told.within[column][rows]))
    return found


def _group(
    column: str, value: str, some: Sequence[Question], everywhere: Numbers, within: Numbers
) -> Group:
    labels, patients = [one.label for one in some], [one.patient_id for one in some]
    several = len(set(labels)) > 1 and bool((~np.isnan(within[:, 0])).any())
    return Group(
        column,
        value,
        len(some),
        tuple(means(everywhere, labels, patients)),
        tuple(means(within, labels, patients)) if several else None,
    )


def _lists(
    archive: OpenIndex, questions: Questions, told: Measured, names: Sequence[str]
) -> list[Asked]:
    rows = archive.cases.column("middle_row").to_pylist()
    place = list(names).index("mAP")
    return [
        Asked(
            one.case_id,
            one.patient_id,
            one.label,
            one.preview_row,
            float(values[place]),
            tuple(
                Found(archive.case_ids[case], archive.labels[case], int(rows[case]))
                for case in first[:SHOWN].tolist()
                if case >= 0
            ),
        )
        for one, values, first in zip(questions.asked, told.values, told.first, strict=True)
    ]


def _most_found(
    archive: OpenIndex, hubs: Hubness, findable: NDArray[np.intp]
) -> tuple[tuple[Found, int], ...]:
    rows = archive.cases.column("middle_row").to_pylist()
    found = []
    for place in np.argsort(-hubs.counts, kind="stable")[:SHOWN].tolist():
        case, times = int(findable[place]), int(hubs.counts[place])
        if times:
            named = Found(archive.case_ids[case], archive.labels[case], int(rows[case]))
            found.append((named, times))
    return tuple(found)


def compared(
    names: Sequence[str],
    questions: Questions,
    found: Mapping[str, Measured],
    others: Mapping[str, tuple[list[str], Numbers]],
) -> list[Compared]:
    """The first system beside every other one, on the questions that both answered."""
    ids = [one.case_id for one in questions.asked]
    (_, first), *rest = [(name, told.values) for name, told in found.items()]
    beside = {name: (ids, values) for name, values in rest} | dict(others)
    told = []
    for name, (theirs, values) in beside.items():
        place = {case: at for at, case in enumerate(theirs)}
        both = [at for at, case in enumerate(ids) if case in place]
        patients = [questions.asked[at].patient_id for at in both]
        for measure in COMPARED_BY:
            if measure not in names:
                continue
            column = list(names).index(measure)
            own = first[both, column]
            other = values[[place[ids[at]] for at in both], column]
            told.append(Compared(name, measure, len(both), difference(own, other, patients)))
    return told
