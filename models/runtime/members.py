"""A committee's answers: what those of its members say that have not seen a film."""

from collections.abc import Sequence

import numpy as np

from models.arrays import FloatImage

NO_MEMBER = -1
"""Of a film that no member has seen, or of one that all have: the mean of all speaks for it."""


def unseen(told: FloatImage, left_out: Sequence[int]) -> FloatImage:
    """What the members that have not seen the films say: float32 (n, ...).

    `told`: float32 (n, members, ...). `left_out`: for each film the member that did not learn from
    it, or `NO_MEMBER`.
    """
    places = np.asarray(left_out, np.intp)
    found = told.mean(axis=1, dtype=np.float32)
    known = np.flatnonzero(places != NO_MEMBER)
    found[known] = told[known, places[known]]
    return np.asarray(found, np.float32)
