"""Sums over films that count more than once, for many resamples at a time."""

import numpy as np

from models.measures.predictions import Chosen, Numbers


def share(part: Numbers, whole: Numbers) -> Numbers:
    """`part / whole`, NaN where the whole is 0; no warning."""
    nothing = np.full(np.broadcast_shapes(part.shape, whole.shape), np.nan)
    known: Numbers = np.divide(part, whole, out=nothing, where=whole > 0)
    return known


def mean_known(values: Numbers, axis: int) -> Numbers:
    """The mean of the numbers that are not NaN; NaN where there is none."""
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return share(total, known.sum(axis=axis).astype(np.float64))


def auc(scores: Numbers, positive: Chosen, weights: Numbers) -> Numbers:
    """The area under the ROC curve of each resample: (resamples,); NaN with one side only.

    `scores`: (n,), higher for positives. `positive`: bool (n,). `weights`: (resamples, n). It is
    the chance that a positive scores higher than a negative, ties counting half (Hanley and McNeil
    1982).
    """
    values, place = np.unique(scores, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(values)))
    if not len(values):
        return np.full(len(weights), np.nan)
    up = np.add.reduceat((weights * positive)[:, order], starts, axis=1)
    down = np.add.reduceat((weights * ~positive)[:, order], starts, axis=1)
    below = np.cumsum(down, axis=1) - down / 2
    pairs = up.sum(axis=1) * down.sum(axis=1)
    return share((up * below).sum(axis=1), pairs)
