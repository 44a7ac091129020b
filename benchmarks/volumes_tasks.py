"""What is asked of made volumes, and how well each aggregation answers; see `benchmarks.volumes`.

Every scan asks for the other scans of its made patient among those of all made patients of its
side, itself left out. Nothing is fitted: the index has no labels.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from benchmarks.volumes_dicom import Truth
from indexer.searched import searched_vectors
from models.arrays import FloatImage, Mask
from models.measures.intervals import Interval, around, draws
from models.measures.paired import Difference, difference
from models.measures.predictions import Numbers
from retrieval.aggregation import Aggregation
from retrieval.index import OpenIndex
from retrieval.ranking import CaseRanker, Ranked
from retrieval.weighing import scaled, weighted

SLICES_ASKED = 8
"""Of each scan, one by one, evenly spaced: neighbouring slices tell the same."""


SHOWN = 5
"""Cases that a query gives where nobody says otherwise: so many are searched for to be timed."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A made scan in the index. `rows`: its slices, in order. `query`: float32 (slices, dim)."""

    case: int
    truth: Truth
    rows: NDArray[np.int64]
    query: FloatImage
    places_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class One:
    """One question's figures. `matched`: (pairs, 2), error in mm and in slice spacings."""

    patient: str
    hit: float
    average_precision: float
    matched: Numbers
    seconds: float

    @property
    def within(self) -> float:
        """The share of the matched slices that are no further off than one slice spacing."""
        return float((self.matched[:, 1] <= 1).mean())


@dataclass(frozen=True, slots=True)
class Beside:
    """What one aggregation gains over the default one, question by question."""

    average_precision: Difference
    within: Difference


@dataclass(frozen=True, slots=True)
class Answered:
    """How one aggregation did on one task: means with 95 % intervals over made patients.

    `error_mm`: of the slices that were matched, how far they lie apart in the body, median.
    `within`: the share of them that is no further off than one slice spacing of the found series.
    """

    task: str
    name: str
    questions: int
    hit: Interval
    average_precision: Interval
    error_mm: Interval
    within: Interval
    search_ms: float
    asked: tuple[One, ...] = field(repr=False)
    beside: Beside | None = None

    def less(self, other: "Answered") -> "Answered":
        """The same, beside another one that was asked the same questions."""
        patients = [one.patient for one in self.asked]
        precision, within = (
            difference(
                np.array([getattr(one, name) for one in self.asked]),
                np.array([getattr(one, name) for one in other.asked]),
                patients,
            )
            for name in ("average_precision", "within")
        )
        return replace(self, beside=Beside(precision, within))


class Trial:
    """The made scans of some origins, asked among each other."""

    def __init__(self, index: OpenIndex, truths: dict[str, Truth], origins: Sequence[str]) -> None:
        """`truths`: by the scan's study. `origins`: of the side; no others ask or are found."""
        self._index = index
        self._truths = truths
        self._origins = frozenset(origins)

    @cached_property
    def scans(self) -> list[Scan]:
        """Those of this side."""
        index = self._index
        vectors = np.vstack(list(searched_vectors(index.store, index.dims, index.heads.likeness)))
        studies = index.cases.column("study_id").to_pylist()
        slices = index.facts.column("slice_index").to_numpy()
        found = []
        for case, study in enumerate(studies):
            truth = self._truths[study]
            if truth.origin not in self._origins:
                continue
            rows = np.flatnonzero(index.ranker.case_of_row == case)
            places = np.array(truth.places_mm)[slices[rows]]
            found.append(Scan(case, truth, rows, self._weighted(vectors[rows]), places))
        return found

    @property
    def patients(self) -> int:
        """How many made patients there are."""
        return len({scan.truth.patient_id for scan in self.scans})

    def _weighted(self, vectors: FloatImage) -> FloatImage:
        blocks = {name: vectors[:, inside] for name, inside in self._index.blocks.items()}
        return weighted(blocks, scaled(dict(self._index.weights), blocks))

    @cached_property
    def _side(self) -> Mask:
        allowed = np.zeros(len(self._index.facts), bool)
        for scan in self.scans:
            allowed[scan.rows] = True
        return allowed

    def series(self, name: str, how: Aggregation, slices: int = 0) -> Answered:
        """Whole series ask; with `slices` at most so many of each, evenly spaced."""
        asked = [_thinned(scan, slices) for scan in self.scans]
        return _answered("series finds its patient", name, [self._ask(scan, how) for scan in asked])

    def third(self, name: str, how: Aggregation) -> Answered:
        """The middle third of each series asks: what covers less of the body than the archive."""
        ones = [self._ask(_middle(scan), how) for scan in self.scans]
        return _answered("middle third finds its patient", name, ones)

    def single(self, name: str, how: Aggregation) -> Answered:
        """Single slices ask for their series, and for their place in it."""
        ones = [self._ask(one, how) for scan in self.scans for one in _apart(scan)]
        return _answered("slice finds its patient and place", name, ones)

    def middle(self) -> Answered:
        """The floor of the task before: the right series is known, and its middle is guessed."""
        ones = []
        for scan in self.scans:
            others = [other for other in self.scans if _same(other, scan)]
            for one in _apart(scan):
                pairs = [
                    _apart_by(one.places_mm[:1], other.places_mm[len(other.rows) // 2 :][:1], other)
                    for other in others
                ]
                ones.append(One(scan.truth.patient_id, np.nan, np.nan, np.vstack(pairs), 0.0))
        return _answered("slice finds its patient and place", "(always the middle)", ones)

    def _ask(self, scan: Scan, how: Aggregation) -> One:
        allowed = self._side.copy()
        allowed[self._by_case[scan.case].rows] = False
        ranker = self._index.ranker
        began = time.perf_counter()
        ranker.nearest(scan.query, SHOWN, allowed, how)
        seconds = time.perf_counter() - began
        ranked = ranker.nearest(scan.query, len(self.scans), allowed, how)
        relevant = np.array([_same(self._by_case[one.case], scan) for one in ranked], bool)
        precision = np.cumsum(relevant) / np.arange(1, len(relevant) + 1)
        matched = []
        for one in ranked:
            other = self._by_case[one.case]
            if _same(other, scan):
                matched.append(_matched(self._index.ranker, scan, one, other))
        return One(
            scan.truth.patient_id,
            float(relevant[0]),
            float(precision[relevant].mean()),
            np.vstack(matched),
            seconds,
        )

    @cached_property
    def _by_case(self) -> dict[int, Scan]:
        return {scan.case: scan for scan in self.scans}


def _same(other: Scan, scan: Scan) -> bool:
    return other.truth.patient_id == scan.truth.patient_id and other.case != scan.case


def _matched(ranker: CaseRanker, scan: Scan, found: Ranked, other: Scan) -> Numbers:
    """How far off the pairs are; of a single slice, the slice that a hit shows."""
    rows, instances = found.rows, list(found.instances)
    if len(scan.query) == 1:
        rows, instances = (ranker.best_row(scan.query, found),), [0]
    places = other.places_mm[np.searchsorted(other.rows, rows)]
    return _apart_by(scan.places_mm[instances], places, other)


def _apart_by(asked: Numbers, found: Numbers, other: Scan) -> Numbers:
    """float64 (pairs, 2): in mm, and in spacings of the series that was found."""
    error = np.abs(asked - found)
    return np.stack([error, error / other.truth.spacing_mm], axis=1)


def _thinned(scan: Scan, slices: int) -> Scan:
    """The scan with fewer of its slices, chosen as `indexer.prepare` chooses them."""
    count = len(scan.rows)
    if not slices or count <= slices:
        return scan
    kept = ((np.arange(slices) + 0.5) * count / slices).astype(np.int64)
    return replace(scan, query=scan.query[kept], places_mm=scan.places_mm[kept])


def _middle(scan: Scan) -> Scan:
    """The scan without its first and its last third."""
    count = len(scan.query)
    kept = slice(count // 3, count - count // 3)
    return replace(scan, query=scan.query[kept], places_mm=scan.places_mm[kept])


def _apart(scan: Scan) -> Iterator[Scan]:
    """Single slices of it."""
    few = _thinned(scan, SLICES_ASKED)
    for number in range(len(few.query)):
        own = slice(number, number + 1)
        yield replace(few, query=few.query[own], places_mm=few.places_mm[own])


def _answered(task: str, name: str, ones: Sequence[One]) -> Answered:
    groups = [one.patient for one in ones]
    medians = [float(np.median(one.matched[:, 0])) for one in ones]
    within = [one.within for one in ones]
    return Answered(
        task,
        name,
        len(ones),
        mean([one.hit for one in ones], groups),
        mean([one.average_precision for one in ones], groups),
        median(medians, groups),
        mean(within, groups),
        1000 * float(np.median([one.seconds for one in ones])),
        tuple(ones),
    )


def mean(values: Sequence[float], groups: Sequence[str]) -> Interval:
    """With its 95 % interval by bootstrap over made patients."""
    told = np.array(values, np.float64)
    drawn = [some @ told / some.sum(axis=1) for some in draws(groups)]
    return around(float(told.mean()), np.concatenate(drawn), groups)


def median(values: Sequence[float], groups: Sequence[str]) -> Interval:
    """The same of the median."""
    told = np.array(values, np.float64)
    drawn = [
        np.array([np.median(np.repeat(told, often.astype(np.int64))) for often in some])
        for some in draws(groups)
    ]
    return around(float(np.median(told)), np.concatenate(drawn), groups)
