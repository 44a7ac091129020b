"""Leaving a patient out: how a head is judged on the archive that it is fitted on.

A patient's films resemble each other far more than two patients' do, so a case may never be
answered by another case of its own patient.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask

Indices = NDArray[np.intp]


def codes(names: Sequence[str]) -> Indices:
    """The names as numbers, equal where they are equal: (n,), from 0 in sorted order."""
    return np.unique(np.asarray(names, dtype=str), return_inverse=True)[1].astype(np.intp)


def sample(groups: Sequence[str], cap: int, seed: int = 0) -> Indices:
    """At most `cap` rows (m,), sorted: all rows of as many patients as fit, drawn at random.

    `groups`: the n rows' patient ids; an empty id is a patient of its own. A single patient with
    more rows than `cap` is cut, so that something is left.
    """
    if len(groups) <= cap:
        return np.arange(len(groups))
    patients = codes(patients_of(groups))
    sizes = np.bincount(patients)
    chosen, room = np.zeros(sizes.size, bool), cap
    for patient in np.random.default_rng(seed).permutation(sizes.size).tolist():
        if sizes[patient] <= room:  # one who does not fit is passed over
            chosen[patient] = True
            room -= int(sizes[patient])
    return np.flatnonzero(chosen[patients]) if chosen.any() else np.arange(cap)


def patients_of(groups: Sequence[str]) -> list[str]:
    """The patient ids, with one of its own for each row that has none."""
    return [group or f"\0{row}" for row, group in enumerate(groups)]


def same_patient(groups: Sequence[str]) -> Mask:
    """Which pairs of rows are of one patient: bool (n, n); True on the diagonal."""
    patients = codes(patients_of(groups))
    same: Mask = patients[:, None] == patients[None, :]
    return same


def without_own(similarity: FloatImage, groups: Sequence[str]) -> FloatImage:
    """The (n, n) similarities with -inf between rows of one patient, as a copy."""
    if similarity.shape != (len(groups), len(groups)):
        raise ValueError(f"similarity is {similarity.shape} for {len(groups)} cases")
    return np.where(same_patient(groups), np.float32(-np.inf), similarity)
