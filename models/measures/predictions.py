"""What is measured: predicted probabilities beside the truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Chosen = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Predictions:
    """Probabilities of n films over C classes, and what the films are.

    `classes`: C names. `probabilities`: float64 (n, C), at least 0, rows sum to 1. `truth`: intp
    (n,), places in `classes`. `groups`: n patient ids; an empty one is a patient of its own.
    """

    classes: tuple[str, ...]
    probabilities: Numbers
    truth: Places
    groups: tuple[str, ...]

    @classmethod
    def of(
        cls,
        classes: Sequence[str],
        probabilities: Numbers,
        labels: Sequence[str],
        groups: Sequence[str],
    ) -> Self:
        """From names. Raises `ValueError` if shapes, labels or probabilities do not fit."""
        told = np.asarray(probabilities, np.float64)
        if told.shape != (len(labels), len(classes)) or len(groups) != len(labels):
            raise ValueError(
                f"probabilities are {told.shape} for {len(labels)} labels, {len(groups)} groups "
                f"and {len(classes)} classes"
            )
        if len(set(classes)) != len(classes):
            raise ValueError("a class is named twice")
        if (
            not np.isfinite(told).all()
            or (told < 0).any()
            or (abs(told.sum(axis=1) - 1) > 1e-6).any()
        ):
            raise ValueError("probabilities are at least 0 and sum to 1 in each row")
        place = {name: at for at, name in enumerate(classes)}
        unknown = sorted(set(labels) - place.keys())
        if unknown:
            raise ValueError(f"{len(unknown)} labels are not among the {len(classes)} classes")
        truth = np.array([place[label] for label in labels], np.intp)
        return cls(tuple(classes), told, truth, tuple(groups))

    def __len__(self) -> int:
        """How many films."""
        return len(self.truth)

    @property
    def chosen(self) -> Places:
        """The most probable class of each film, intp (n,); the first of equals."""
        return np.asarray(self.probabilities.argmax(axis=1), np.intp)

    @property
    def right(self) -> Chosen:
        """Whether the most probable class is the true one: bool (n,)."""
        return np.asarray(self.chosen == self.truth, bool)

    def where(self, rows: Chosen) -> "Predictions":
        """Only some of the films; `rows`: bool (n,)."""
        groups = tuple(group for group, kept in zip(self.groups, rows, strict=True) if kept)
        return Predictions(self.classes, self.probabilities[rows], self.truth[rows], groups)

    def between(self, *names: str) -> "Predictions":
        """The films of some classes, with probabilities scaled to sum to 1 over these classes.

        A film that gives none of them anything gets even probabilities. Raises `ValueError` for a
        class that does not exist.
        """
        places = [self.classes.index(name) for name in names]
        kept = self.where(np.isin(self.truth, places))
        part = kept.probabilities[:, places]
        total = part.sum(axis=1, keepdims=True)
        even = np.full_like(part, 1 / len(places))
        scaled = np.divide(part, total, out=even, where=total > 0)
        truth = np.array([places.index(int(one)) for one in kept.truth], np.intp)
        return Predictions(tuple(names), scaled, truth, kept.groups)


def plain(value: float) -> float | None:
    """A number as JSON has it: None where there is none."""
    return float(value) if np.isfinite(value) else None


def once(predictions: Predictions) -> Numbers:
    """The weights with which every film counts once: (1, n)."""
    return np.ones((1, len(predictions)))
