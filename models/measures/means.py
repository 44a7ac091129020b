"""Means over queries, each query counting alike (micro) or each label (macro), with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.measures.intervals import Interval, around, draws
from models.measures.predictions import Numbers
from models.measures.weighted import mean_known, share

FEWEST = 5
"""Patients that each label needs for an interval of the macro mean: what is drawn from fewer says
little of how they differ, and often holds none of them."""


@dataclass(frozen=True, slots=True)
class Means:
    """The mean of one measure over the queries, and over the means of the labels.

    The latter has no interval where a label has fewer than `FEWEST` patients.
    """

    micro: Interval
    macro: Interval


def means(values: Numbers, labels: Sequence[str], patients: Sequence[str]) -> list[Means]:
    """Of each column of `values`, float64 (q, measures): its means, with bootstrap over patients.

    A query that is NaN in the first column takes no part.
    """
    known = ~np.isnan(values[:, 0]) if values.size else np.zeros(len(values), bool)
    told = values[known]
    names = [name for name, kept in zip(labels, known, strict=True) if kept]
    groups = [name for name, kept in zip(patients, known, strict=True) if kept]
    if not len(told):
        nothing = Interval(np.nan, np.nan, np.nan)
        return [Means(nothing, nothing)] * values.shape[1]
    columns = [np.array(names) == label for label in sorted(set(names))]

    def both(weights: Numbers) -> tuple[Numbers, Numbers]:
        """(resamples, measures) of each kind."""
        micro = share(weights @ told, weights.sum(axis=1, keepdims=True))
        parts = [
            share(weights[:, own] @ told[own], weights[:, own].sum(axis=1, keepdims=True))
            for own in columns
        ]
        return micro, mean_known(np.stack(parts), axis=0)

    micro, macro = both(np.ones((1, len(told))))
    owners = np.array([name or f"\0{row}" for row, name in enumerate(groups)])
    few = any(len(set(owners[own].tolist())) < FEWEST for own in columns)
    drawn = [both(some) for some in draws(groups)]
    resampled = [np.concatenate([one[kind] for one in drawn]) for kind in (0, 1)]
    return [
        Means(
            around(float(micro[0, at]), resampled[0][:, at], groups),
            Interval(float(macro[0, at]), np.nan, np.nan)
            if few
            else around(float(macro[0, at]), resampled[1][:, at], groups),
        )
        for at in range(values.shape[1])
    ]
