"""Training, validation and test pictures: a patient is on one side only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.errors import UsageError
from models.heads.leave_out import Indices, codes, patients_of

TEST = frozenset({"query", "queries", "test", "testing", "holdout", "eval"})
VALIDATION = frozenset({"validation", "valid", "val", "dev"})
SET_APART = TEST | VALIDATION
"""What an archive's column `split` says, in small letters, of films that are not learned from."""


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers (int) of each side; no patient has rows on two of them."""

    train: Indices
    validation: Indices
    test: Indices

    def check(self, patients: Sequence[str]) -> None:
        """Raises `ValueError` if a patient is on two sides."""
        known = codes(patients_of(patients))
        sides = [set(known[rows]) for rows in (self.train, self.validation, self.test)]
        if any(sides[a] & sides[b] for a, b in ((0, 1), (0, 2), (1, 2))):
            raise ValueError("a patient is on two sides of the split")


def drawn(
    strata: Sequence[str], patients: Sequence[str], share: float, seed: int
) -> tuple[Indices, Indices]:
    """Row numbers of two sides, the second with about `share` of each stratum's patients.

    `strata`: n names, such as label and hospital together; a patient with several counts for the
    first of them. `patients`: n ids. A stratum with two patients or more has some on each side; one
    with a single patient has it on the first side.
    """
    owner = codes(patients_of(patients))
    first_row = np.unique(owner, return_index=True)[1]
    stratum = codes(strata)[first_row]
    rng = np.random.default_rng(seed)
    second = np.zeros(len(first_row), bool)
    for name in np.unique(stratum):
        there = rng.permutation(np.flatnonzero(stratum == name))
        count = round(share * len(there))
        count = min(max(1, count), len(there) - 1) if len(there) > 1 else 0
        second[there[:count]] = True
    return np.flatnonzero(~second[owner]), np.flatnonzero(second[owner])


def folds(strata: Sequence[str], patients: Sequence[str], count: int, seed: int) -> Indices:
    """The fold (0 to `count` - 1) of each of n rows; all rows of a patient have the same one."""
    owner = codes(patients_of(patients))
    first_row = np.unique(owner, return_index=True)[1]
    stratum = codes(strata)[first_row]
    rng = np.random.default_rng(seed)
    fold = np.zeros(len(first_row), np.intp)
    start = 0
    for name in np.unique(stratum):
        there = rng.permutation(np.flatnonzero(stratum == name))
        fold[there] = (np.arange(len(there)) + start) % count
        start += len(there)  # small strata do not all begin with fold 0
    return fold[owner]


def check_learnable(labels: Sequence[str], patients: Sequence[str]) -> None:
    """Raises `UsageError` unless there are two classes and each has two patients or more."""
    owners: dict[str, set[str]] = {}
    for label, patient in zip(labels, patients_of(patients), strict=True):
        if label:
            owners.setdefault(label, set()).add(patient)
    if not owners:
        raise UsageError("no scan of the archive has a label, so there is nothing to learn from")
    if len(owners) == 1:
        only = next(iter(owners))
        raise UsageError(f"all labelled scans are {only!r}; a classifier needs two labels or more")
    alone = sorted(label for label, whose in owners.items() if len(whose) < 2)
    if alone:
        raise UsageError(
            f"{', '.join(map(repr, alone))}: only one patient has this label, so it cannot be both "
            "learned and checked; add cases, or leave it out with --without"
        )


def spread(rows: Indices, most: int) -> Indices:
    """At most so many of the rows, evenly spaced."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.intp)]
