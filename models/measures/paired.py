"""Two systems on the same queries: is one better, or does it only seem so?

Films of one patient resemble each other, so patients are drawn, and patients change sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.heads.leave_out import codes, patients_of
from models.measures.intervals import Interval, around, draws
from models.measures.predictions import Numbers

TURNS = 10_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Difference:
    """`interval`: of the mean difference, first less second. `p`: of no difference, two-sided."""

    interval: Interval
    p: float


def difference(
    first: Numbers, second: Numbers, patients: Sequence[str], seed: int = 0
) -> Difference:
    """What `first` is better by than `second`, both float64 (q,), of the same queries.

    The interval is a bootstrap over patients; `p` is a randomisation test (Smucker, Allan and
    Carterette 2007), in which all queries of a patient change sides together. NaN with fewer than
    two patients. A query that is NaN on either side takes no part.
    """
    apart = first - second
    known = ~np.isnan(apart)
    apart = apart[known]
    groups = [name for name, kept in zip(patients_of(patients), known, strict=True) if kept]
    if not len(apart):
        return Difference(Interval(np.nan, np.nan, np.nan), np.nan)
    drawn = [some @ apart / some.sum(axis=1) for some in draws(groups, seed=seed)]
    interval = around(float(apart.mean()), np.concatenate(drawn), groups)
    whose = codes(groups)
    sums = np.bincount(whose, weights=apart)
    if len(sums) < 2:
        return Difference(interval, np.nan)
    random = np.random.default_rng(seed)
    reached, observed = 0, abs(sums.sum()) - 1e-12
    for _ in range(TURNS // _AT_ONCE):
        turned = random.choice([-1.0, 1.0], (_AT_ONCE, len(sums))) @ sums
        reached += int((np.abs(turned) >= observed).sum())
    return Difference(interval, (reached + 1) / (TURNS + 1))
