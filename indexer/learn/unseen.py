"""The films that a model is made smaller with, and the unseen ones that it is measured on."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import numpy as np

from indexer.learn.gather import Gathered
from indexer.learn.labelled import labelled_films
from indexer.learn.segmenter import masked_films
from indexer.learn.sides import split_of
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.runtime import ClassifierSpec, ModelSpec
from models.training.films import Films
from models.training.splits import Split

MOST_SEARCHED = 4000
"""Films in which those that are measured search; more would take long and change nothing."""


@dataclass(frozen=True, slots=True)
class Sides:
    """An archive's films as a model takes them. Of `split` the side `test` measures."""

    films: Films
    split: Split
    remarks: tuple[str, ...]

    @property
    def searched(self) -> Indices:
        """The films that the measured ones search in: those of all other patients."""
        rows = np.sort(np.concatenate([self.split.train, self.split.validation]))
        if len(rows) <= MOST_SEARCHED:
            return rows
        return rows[np.linspace(0, len(rows) - 1, MOST_SEARCHED).round().astype(np.intp)]


def check_kind(spec: ModelSpec) -> None:
    """Raises `UsageError` for a kind of model that cannot be measured on an archive here."""
    if spec.kind not in _FILMS:
        raise UsageError(
            f"{spec.name!r} is of the kind {spec.kind!r}; what can be made smaller: "
            f"{', '.join(_FILMS)}"
        )


def sides_of(
    gathered: Gathered, spec: ModelSpec, seen: Collection[str], without: Collection[str], seed: int
) -> Sides:
    """The films with what the model is held to: its classes, the archive's own, or masks.

    `seen`: SHA-256 of the files that the model was trained on; no patient with one of them
    measures. `without`: labels that are left out. Raises `UsageError` if the archive does not fit
    the model, or if nothing is left to measure on.
    """
    films, rows = _FILMS[spec.kind](gathered, spec, without)
    split, remarks = split_of(gathered, rows, seed)
    unseen = _unseen(gathered, split.test, seen)
    _check(films, split.test, unseen, spec)
    told = list(remarks)
    if len(unseen) < len(split.test):
        told.append(
            "test films left out, because the model was trained on films of their patients: "
            f"{len(split.test) - len(unseen)}"
        )
    if not seen:
        told.append(
            "the model does not list the films that it was trained on, so it may have seen some "
            "of those that it is measured on"
        )
    found = Sides(films, Split(split.train, split.validation, unseen), tuple(told))
    if spec.kind != "segmenter" and not len(found.searched):
        raise UsageError(
            "the archive sets all films apart for measuring, so none is left for them to search in"
        )
    return found


def _classified(
    gathered: Gathered, spec: ModelSpec, without: Collection[str]
) -> tuple[Films, Indices]:
    return labelled_films(gathered, without, cast(ClassifierSpec, spec).classes)


def _encoded(gathered: Gathered, _: ModelSpec, without: Collection[str]) -> tuple[Films, Indices]:
    return labelled_films(gathered, without)


def _segmented(gathered: Gathered, spec: ModelSpec, _: Collection[str]) -> tuple[Films, Indices]:
    if len(getattr(spec, "regions", ())) != 1:
        raise UsageError(
            f"{spec.name!r} finds several regions, and an archive's masks show one; it cannot be "
            "measured on them"
        )
    return masked_films(gathered), np.flatnonzero(gathered.masked)


_FILMS: Mapping[str, Callable[[Gathered, ModelSpec, Collection[str]], tuple[Films, Indices]]] = (
    MappingProxyType({"classifier": _classified, "encoder": _encoded, "segmenter": _segmented})
)


def _unseen(gathered: Gathered, rows: Indices, seen: Collection[str]) -> Indices:
    patients = gathered.patients()
    known = {
        patient
        for patient, scan in zip(patients, gathered.scan, strict=True)
        if any(digest in seen for digest in gathered.sha256[scan])
    }
    return np.array([row for row in rows if patients[row] not in known], np.intp)


def _check(films: Films, test: Indices, unseen: Indices, spec: ModelSpec) -> None:
    if not len(test):
        raise UsageError("too few patients: none is left to measure on; add cases")
    if not len(unseen):
        raise UsageError(
            f"no film is left to measure on: the model {spec.name!r} was trained on films of all "
            f"the patients that would measure it ({len(test)} films). Name its training run with "
            "--run, so that the same patients are set apart, or take films that it has not seen"
        )
    if spec.kind != "segmenter" and len(set(films.labels[unseen])) < 2:
        raise UsageError(
            "the films to measure on all have one label, which tells nothing; add cases of others"
        )
