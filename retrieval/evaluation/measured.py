"""From orders to numbers: every measure of every question, and the first cases that it found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import Mask
from models.measures.predictions import Numbers
from models.measures.ranked import NOBODY, Measure, Rankings, measure
from retrieval.evaluation.questions import Question
from retrieval.evaluation.systems import System
from retrieval.ranking import Rows

FIRST = 100
"""How far curves, hubs and lists of what was found reach."""

_NUMBERS = 4_000_000
_UNKNOWN = NOBODY - 1  # a label that no case of the archive has


@dataclass(frozen=True, slots=True)
class Archive:
    """What can be found: each row's case, each case's label (empty: none) and known facts."""

    case_of_row: Rows
    labels: Sequence[str]
    facts: Sequence[Mapping[str, str]]

    @property
    def codes(self) -> dict[str, int]:
        """A number for each label."""
        return {label: at for at, label in enumerate(sorted(set(self.labels) - {""}))}

    @property
    def code_of_case(self) -> NDArray[np.intp]:
        """Each case's label by number; `NOBODY` without one."""
        codes = self.codes
        return np.array([codes.get(label, NOBODY) for label in self.labels], np.intp)


@dataclass(frozen=True, slots=True)
class Measured:
    """What one system found.

    `values`: float64 (q, measures), NaN for a question with no relevant case. `first`: intp
    (q, up to `FIRST`), the cases found, -1 where there are fewer. `relevant`: bool, the same shape.
    `wanted`: intp (q,), how many relevant cases there were. `within`: for each column of facts the
    same values when only cases with the question's own value can be found; NaN for a question
    without that fact.
    """

    values: Numbers
    first: NDArray[np.intp]
    relevant: Mask
    wanted: NDArray[np.intp]
    within: Mapping[str, Numbers]


def measured(
    system: System,
    questions: Sequence[Question],
    archive: Archive,
    names: Sequence[str],
    columns: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Measured:
    """What `system` finds for every question. `names`: of the measures. `columns`: of facts.

    Only labelled cases are ranked: of the others nobody knows whether they are relevant.
    """
    functions = [measure(name) for name in names]
    judge = _Judge(archive, columns)
    parts: list[Measured] = []
    for some in _portions(questions, len(archive.labels)):
        orders, reachable = [], []
        for question in some:
            allowed = judge.labelled & ~question.own
            orders.append(system.order(question, allowed))
            reachable.append(np.unique(archive.case_of_row[allowed]))
            progress(1)
        told = judge.rankings(some, orders, reachable)
        first = _padded([order[:FIRST] for order in orders], FIRST)
        within = {
            column: _values(judge.within(column, some, orders, reachable), functions)
            for column in columns
        }
        relevant = told.relevant[:, :FIRST]
        parts.append(Measured(_values(told, functions), first, relevant, told.wanted, within))
    return _joined(parts, len(names), columns)


class _Judge:
    """Knows what is relevant."""

    def __init__(self, archive: Archive, columns: Sequence[str]) -> None:
        self._facts = {
            column: np.array([told.get(column, "") for told in archive.facts], dtype=str)
            for column in columns
        }
        self._codes = archive.codes
        self._code_of_case = archive.code_of_case
        self.labelled: Mask = (self._code_of_case != NOBODY)[archive.case_of_row]

    def rankings(
        self, questions: Sequence[Question], orders: Sequence[Rows], reachable: Sequence[Rows]
    ) -> Rankings:
        """What was found, beside what could be."""
        asked = np.array([self._codes.get(one.label, _UNKNOWN) for one in questions], np.intp)
        wanted = [
            int((self._code_of_case[cases] == own).sum())
            for cases, own in zip(reachable, asked, strict=True)
        ]
        width = max([FIRST, *(len(order) for order in orders)])
        found = _padded([self._code_of_case[order] for order in orders], width)
        return Rankings(found, asked, np.array(wanted, np.intp))

    def within(
        self,
        column: str,
        questions: Sequence[Question],
        orders: Sequence[Rows],
        reachable: Sequence[Rows],
    ) -> Rankings:
        """The same among the cases with the question's own value of `column`."""
        facts = self._facts[column]
        own = [question.facts.get(column, "") for question in questions]

        def alike(lists: Sequence[Rows]) -> list[Rows]:
            nobody = np.zeros(0, np.int64)
            return [
                cases[facts[cases] == value] if value else nobody
                for cases, value in zip(lists, own, strict=True)
            ]

        return self.rankings(questions, alike(orders), alike(reachable))


def _portions(questions: Sequence[Question], cases: int) -> Iterator[Sequence[Question]]:
    at_once = max(1, _NUMBERS // max(1, cases))
    for start in range(0, len(questions), at_once):
        yield questions[start : start + at_once]


def _padded(rows: Sequence[Rows], width: int) -> NDArray[np.intp]:
    found = np.full((len(rows), width), NOBODY, np.intp)
    for row, told in zip(found, rows, strict=True):
        row[: len(told)] = told
    return found


def _values(told: Rankings, functions: Sequence[Measure]) -> Numbers:
    """float64 (q, measures); NaN where nothing relevant was to be found."""
    values = np.full((len(told), len(functions)), np.nan)
    known = told.wanted > 0
    some = Rankings(told.found[known], told.asked[known], told.wanted[known])
    for column, function in enumerate(functions):
        values[known, column] = function(some)
    return values


def _joined(parts: Sequence[Measured], measures: int, columns: Sequence[str]) -> Measured:
    if not parts:
        nothing = np.zeros((0, measures))
        none = np.zeros((0, FIRST), np.intp)
        empty = np.zeros(0, np.intp)
        return Measured(nothing, none, none != 0, empty, dict.fromkeys(columns, nothing))
    return Measured(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.first for part in parts]),
        np.concatenate([part.relevant for part in parts]),
        np.concatenate([part.wanted for part in parts]),
        {name: np.concatenate([part.within[name] for part in parts]) for name in columns},
    )
