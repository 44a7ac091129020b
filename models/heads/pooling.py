"""One answer out of several, with probabilities that mean what they say.

    P(c) is proportional to the product over the parts i of  P_i(c) ^ w_i

A logarithmic opinion pool (Genest and Zidek 1986; Hinton 2002). The weights, from 0 on, are those
with the least log loss on cases that no part had seen; their sum sharpens or flattens the answer,
as a temperature does (Guo et al. 2017), so none is needed beside them. Where there are cases
enough, isotonic regression of each class on top of it (Zadrozny and Elkan 2002) is tried as well,
and kept if it is clearly better on patients that it was not fitted on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.heads.evidence import FOLDS
from models.heads.leave_out import Indices
from models.heads.linear import softmax

Numbers = NDArray[np.float64]

ISOTONIC_FROM = 300
"""Judged cases from which isotonic regression is tried: its steps follow fewer ones too closely."""

CLEARLY = 0.01
"""Log loss that isotonic regression has to bring to be kept."""

_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class Pool:
    """`weights`: of each part, by name. `steps`: class -> (probability, corrected), or none."""

    weights: dict[str, float]
    steps: dict[str, tuple[tuple[float, ...], tuple[float, ...]]]

    def together(self, parts: Mapping[str, Numbers], classes: Sequence[str]) -> Numbers:
        """The pooled probabilities (n, C) of the parts' (n, C) each; rows sum to 1."""
        odds = [weight * _log(parts[name]) for name, weight in self.weights.items()]
        pooled = softmax(np.sum(odds, axis=0))
        if not self.steps:
            return pooled
        columns = [np.interp(pooled[:, at], *self.steps[name]) for at, name in enumerate(classes)]
        corrected = np.maximum(_LEAST, np.stack(columns, axis=1))
        return np.asarray(corrected / corrected.sum(axis=1, keepdims=True), np.float64)


def fit(
    parts: Mapping[str, Numbers], truth: Indices, folds: Indices, classes: Sequence[str]
) -> tuple[Pool, Numbers]:
    """The pool, and what pools fitted without a case's fold say of it (n, C).

    `parts`: name -> (n, C), each case predicted by what had not seen it. `truth`: (n,). `folds`:
    (n,), patients whole.
    """
    found = _left_out(parts, truth, folds, classes, steps=False)
    if len(truth) < ISOTONIC_FROM:
        return _pool(parts, truth, classes, steps=False), found
    stepped = _left_out(parts, truth, folds, classes, steps=True)
    better = log_loss(stepped, truth) < log_loss(found, truth) - CLEARLY
    return _pool(parts, truth, classes, steps=better), stepped if better else found


def log_loss(probabilities: Numbers, truth: Indices) -> float:
    """The mean of -ln P(true class); probabilities below 1e-6 count as that."""
    return -float(_log(probabilities)[np.arange(len(truth)), truth].mean())


def _log(probabilities: Numbers) -> Numbers:
    return np.log(np.maximum(probabilities, _LEAST))


def _left_out(
    parts: Mapping[str, Numbers],
    truth: Indices,
    folds: Indices,
    classes: Sequence[str],
    steps: bool,
) -> Numbers:
    found = np.zeros((len(truth), len(classes)))
    for fold in range(FOLDS):
        inside = folds == fold
        if not inside.any():
            continue
        rest = {name: part[~inside] for name, part in parts.items()}
        asked = {name: part[inside] for name, part in parts.items()}
        found[inside] = _pool(rest, truth[~inside], classes, steps).together(asked, classes)
    return found


def _pool(
    parts: Mapping[str, Numbers], truth: Indices, classes: Sequence[str], steps: bool
) -> Pool:
    pool = Pool(_weights(parts, truth), {})
    if not steps:
        return pool
    from scipy.optimize import isotonic_regression

    pooled = pool.together(parts, classes)
    corrected = {}
    for at, name in enumerate(classes):
        order = np.argsort(pooled[:, at], kind="stable")
        fitted = isotonic_regression((truth[order] == at).astype(np.float64)).x
        known, first = np.unique(pooled[order, at], return_index=True)
        corrected[name] = (tuple(map(float, known)), tuple(map(float, fitted[first])))
    return Pool(pool.weights, corrected)


def _weights(parts: Mapping[str, Numbers], truth: Indices) -> dict[str, float]:
    """The weights with the least log loss, held to even ones as strongly as one case would."""
    from scipy.optimize import minimize

    logs = np.stack([_log(part) for part in parts.values()])
    wanted = np.eye(logs.shape[2])[truth]
    even = 1 / len(parts)
    count = max(1, len(truth))

    def loss(weights: Numbers) -> tuple[float, Numbers]:
        pooled = softmax(np.tensordot(weights, logs, axes=1))
        held = weights - even
        off = np.tensordot(logs, pooled - wanted, axes=((1, 2), (0, 1))) + held
        return log_loss(pooled, truth) + float(held @ held) / 2 / count, off / count

    bounds = [(0, None)] * len(parts)
    start = np.full(len(parts), even)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return {name: float(weight) for name, weight in zip(parts, found.x, strict=True)}
