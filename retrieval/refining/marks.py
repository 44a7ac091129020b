"""More like these cases, less like those: a small classifier of what was marked (ridge regression).

Liked cases are worth 1, the others -1, and a few of the archive that nobody looked at `FAINTLY`
less than 0, in the space in which the search compares (its own score is the kernel):

    alpha = (K + STRENGTH * I) ^ -1 * worth,    d = sum of alpha_i * x_i, scaled to length 1
    q' = q + SHARE * d

The search is for q' as for any query: a score is the same sum over blocks, and its split is exact.
q' is scaled so that no score can be above 1. Of a case with several pictures the mean of those
counts that are nearest to the query's. A block that the query lacks stays away: what a report says
of a liked case it does not say of this scan. Rocchio's formula (1971) served less well, see
docs/refining.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage, Mask
from models.errors import UsageError
from retrieval.ranking import CaseRanker, Rows

STRENGTH, SHARE = 3.0, 1.0
"""Chosen by simulation on archive rows of chest films, patients left out; see docs/refining.md."""

FAINTLY = 0.2
UNSEEN = 30

MOST = 100
"""Cases that may be marked: nobody looks at more, and each costs time."""

_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Marks:
    """Cases by their numbers, as they were marked."""

    like: tuple[int, ...] = ()
    unlike: tuple[int, ...] = ()

    def rows(self, ranker: CaseRanker) -> Mask:
        """The rows of the marked cases: bool (rows,)."""
        return _mask(ranker, (*self.like, *self.unlike))

    def moved(
        self,
        ranker: CaseRanker,
        vector: FloatImage,
        blocks: Mapping[str, slice],
        weights: Mapping[str, float],
        unseen: Mask,
    ) -> FloatImage:
        """What is searched for, float32 (instances, dim), weighted, moved by the marked cases.

        `blocks`: their columns. `weights`: of the blocks. `unseen`: bool (rows,), those of cases
        that are neither marked nor the patient's own.
        """
        if not self.like and not self.unlike:
            return vector
        liked, others = (_nearest(ranker, vector, cases) for cases in (self.like, self.unlike))
        columns = columns_of(weights, blocks, vector)
        drawn = ranker.stored(some_of(unseen))
        return moved(vector, columns, (liked, others, drawn))


def columns_of(
    weights: Mapping[str, float], blocks: Mapping[str, slice], vector: FloatImage
) -> FloatImage:
    """The weight of each column, float32 (dim,); 0 in blocks that the query lacks."""
    columns = np.zeros(vector.shape[1], np.float32)
    for name, inside in blocks.items():
        columns[inside] = weights[name] if vector[:, inside].any() else 0.0
    return columns


def some_of(unseen: Mask) -> Rows:
    """A few of these rows, the same every time."""
    rows = np.flatnonzero(unseen)
    return np.random.default_rng(0).choice(rows, min(UNSEEN, len(rows)), replace=False)


def moved(
    vector: FloatImage,
    columns: FloatImage,
    marked: tuple[FloatImage, FloatImage, FloatImage],
    form: tuple[float, float] = (STRENGTH, SHARE),
) -> FloatImage:
    """A weighted query, float32 (instances, dim), moved.

    `columns`: the weight of each column. `marked`: the liked cases, the others and the unseen,
    float32 (n, dim) each, not weighted; what is not finite is passed over. `form`: as `STRENGTH`
    and `SHARE`.
    """
    worths = (1.0, -1.0, -FAINTLY)
    worth = np.repeat(worths, [len(cases) for cases in marked])
    cases = np.concatenate(marked).astype(np.float64)
    known = np.isfinite(cases).all(axis=1)
    cases, worth = cases[known], worth[known]
    weighted = cases * columns
    alike = weighted @ cases.T
    counts = np.linalg.solve(alike + form[0] * np.eye(len(cases)), worth)
    length = max(0.0, float(counts @ alike @ counts)) ** 0.5
    if length < _NOTHING:
        return vector
    found = vector + form[1] / length * (counts @ weighted)
    return np.asarray(found / (1 + form[1]), np.float32)


def marks_of(case_ids: Sequence[str], like: Sequence[str], unlike: Sequence[str]) -> Marks:
    """The marked cases by their numbers, each once. Raises `UsageError` for what does not fit."""
    wanted = {*like, *unlike}
    both = sorted(set(like) & set(unlike))
    if both:
        raise UsageError(f"the case {both[0]!r} is marked both as like and as unlike")
    if len(wanted) > MOST:
        raise UsageError(f"{len(wanted)} cases are marked; at most {MOST} may be")
    if not wanted:
        return Marks()
    number = {name: at for at, name in enumerate(case_ids) if name in wanted}
    unknown = sorted(wanted - number.keys())
    if unknown:
        raise UsageError(
            f"the index has no case {unknown[0]!r}; the ids of cases are those that answers show"
        )
    chosen = (tuple(number[name] for name in dict.fromkeys(names)) for names in (like, unlike))
    return Marks(*chosen)


def _nearest(ranker: CaseRanker, vector: FloatImage, cases: Sequence[int]) -> FloatImage:
    """Of each case the mean of its rows nearest to each instance: float32 (cases, dim)."""
    ranked = ranker.nearest(vector, len(cases), _mask(ranker, cases))
    if not ranked:
        return np.zeros((0, vector.shape[1]), np.float32)
    return np.asarray(ranker.vectors(ranked).mean(axis=1), np.float32)


def _mask(ranker: CaseRanker, cases: Sequence[int]) -> Mask:
    mask = np.zeros(len(ranker.case_of_row), bool)
    mask[ranker.rows_of(cases)] = True
    return mask
