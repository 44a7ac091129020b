"""Which films are learned from, which choose, and which only measure: split by patient."""

from collections.abc import Sequence

import numpy as np

from indexer.learn.gather import Gathered
from indexer.made import is_made
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.training.splits import TEST, VALIDATION, Split, drawn

SHARES = (0.2, 0.15)
"""Of the patients, to test with; and of the rest, to choose by."""


def split_of(
    gathered: Gathered, rows: Indices, seed: int, shares: tuple[float, float] = SHARES
) -> tuple[Split, tuple[str, ...]]:
    """The sides of the pictures `rows`, and remarks for a person.

    The archive's own column `split` counts, where it has one: query or test films only measure,
    validation films only choose. What it does not set apart is drawn, with `shares` of the patients
    for testing and (of the rest) for validation, evenly over labels and sources; a share of 0 draws
    none for validation. Films that were made (`cbir augment`) are only learned from. Raises
    `UsageError` if the archive's column has a patient, or a film, on two sides.
    """
    told = [name.casefold() for name in gathered.column("split")]
    patients = gathered.patients()
    strata = [f"{a}|{b}" for a, b in zip(gathered.column("label"), sources(gathered), strict=True)]
    test = np.array([row for row in rows if told[row] in TEST], np.intp)
    validation = np.array([row for row in rows if told[row] in VALIDATION], np.intp)
    train = np.setdiff1d(rows, np.concatenate([test, validation]))
    remarks = []
    if not any(gathered.column("patient_id")):
        remarks.append(
            "no film names its patient: each scan is taken for a patient of its own, and leakage "
            "between the sides cannot be excluded"
        )
    if not test.size:
        train, test = _drawn(train, strata, patients, shares[0], seed)
        remarks.append(f"the archive sets no films apart for testing: {len(test)} were drawn")
    if not validation.size and shares[1] > 0:
        train, validation = _drawn(train, strata, patients, shares[1], seed + 1)
    split = Split(train, photographed(gathered, validation), photographed(gathered, test))
    _check(split, patients)
    return split, tuple(remarks)


def photographed(gathered: Gathered, rows: Indices) -> Indices:
    """Those of the pictures `rows` that nobody made out of others (`cbir augment`)."""
    made = np.array([is_made(facts) for facts in gathered.facts], bool)[gathered.scan]
    return np.asarray(rows[~made[rows]], np.intp)


def sources(gathered: Gathered) -> list[str]:
    """Where each picture is from: the column `site`, else `institution`, else nothing."""
    for name in ("site", "institution", "hospital"):
        told = gathered.column(name)
        if any(told):
            return told
    return [""] * len(gathered.scan)


def _drawn(
    rows: Indices, strata: Sequence[str], patients: Sequence[str], share: float, seed: int
) -> tuple[Indices, Indices]:
    first, second = drawn(
        [strata[row] for row in rows], [patients[row] for row in rows], share, seed
    )
    return rows[first], rows[second]


def _check(split: Split, patients: Sequence[str]) -> None:
    sides = [
        {patients[row] for row in side if patients[row]}
        for side in (split.train, split.validation, split.test)
    ]
    twice = (sides[0] & sides[1]) | (sides[0] & sides[2]) | (sides[1] & sides[2])
    if twice:
        raise UsageError(
            f"the archive's column `split` has {len(twice)} patients on two sides; a patient must "
            "be on one only, or the figures are worth nothing"
        )
