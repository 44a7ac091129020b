"""The linear part of a head: multinomial logistic regression with a ridge, on the scan's blocks.

    P(c | x) = softmax(x W + b),  least: mean log loss + ridge / 2 * |W|^2

where x is centred and scaled to a mean squared length of 1.

Which blocks, and how strong the ridge, is chosen by the log loss on patients that were left out.
The blocks' numbers are rotated onto their principal axes first, all of them: that changes neither
the model nor its ridge, but makes fitting quick (a bound of the curvature is then known along each
axis; Boehning 1992).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.heads.evidence import FOLDS, Evidence
from models.heads.leave_out import Indices

Numbers = NDArray[np.float64]

CHOSEN_ON = 1000
"""Cases that blocks and ridge are chosen on; more change the choice no further."""

BLOCK_SETS = (("colour", "edge", "embedding"), ("embedding",))
RIDGES = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
"""From stiff to free; tried in this order until it has become worse twice."""

_LEAST = 1e-12
_FLAT = 1e-6  # of the largest variance: an axis below it is rounding


@dataclass(frozen=True, slots=True)
class LinearPart:
    """Weights that turn blocks into probabilities.

    `classes`: those that it knows, sorted. `blocks`: whose numbers it looks at, side by side.
    `weight`: float32 (dim, C). `bias`: float32 (C,). `ridge`: with which they were fitted.
    """

    classes: tuple[str, ...]
    blocks: tuple[str, ...]
    weight: FloatImage
    bias: FloatImage
    ridge: float = 0.0

    def probabilities(self, features: Mapping[str, FloatImage]) -> Numbers:
        """(n, C) of blocks (n, dim) each, or (C,) of blocks (dim,); sums to 1."""
        vector = np.concatenate([features[name] for name in self.blocks], axis=-1)
        return softmax(vector.astype(np.float64) @ self.weight + self.bias)


def softmax(odds: Numbers) -> Numbers:
    """exp(odds) scaled to sum to 1 along the last axis."""
    raised = np.exp(odds - odds.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float64)


def known_classes(evidence: Evidence) -> tuple[str, ...]:
    """The labels of as many patients as there are folds: those a linear part can be judged on."""
    return tuple(name for name, count in evidence.patients_with().items() if count >= FOLDS)


def fit(evidence: Evidence) -> tuple[LinearPart, Numbers] | None:
    """The part, and what it says of each case (n, C) when fitted without the case's fold.

    None with fewer than two labels that have patients enough. Cases of other labels teach nothing.
    """
    classes = known_classes(evidence)
    if len(classes) < 2:
        return None
    small = evidence.sampled(CHOSEN_ON)
    names, ridge = _choose(small, classes)
    axes = _Axes.of(evidence, names)
    target = _target(evidence, classes)
    left_out = _out_of_fold(axes, target, evidence.folds(), ridge, None)[0]
    return _solved(axes, target, classes, names, ridge), left_out


def fitted(
    evidence: Evidence, classes: tuple[str, ...], names: tuple[str, ...], ridge: float
) -> LinearPart:
    """The part on other cases, with classes, blocks and ridge that were chosen already."""
    return _solved(_Axes.of(evidence, names), _target(evidence, classes), classes, names, ridge)


def _solved(
    axes: "_Axes", target: Numbers, classes: tuple[str, ...], names: tuple[str, ...], ridge: float
) -> LinearPart:
    """The part on all cases of these classes."""
    weight, bias = axes.unrotated(*_minimum(axes, target, _known(target), ridge, None))
    return LinearPart(classes, names, weight, bias, ridge)


def _choose(evidence: Evidence, classes: tuple[str, ...]) -> tuple[tuple[str, ...], float]:
    """The blocks and the ridge with the least log loss on the judged cases, left out."""
    target = _target(evidence, classes)
    folds = evidence.folds()
    rows = _known(target) & evidence.judged
    best: tuple[float, tuple[str, ...], float] = (math.inf, BLOCK_SETS[0], RIDGES[0])
    for names in BLOCK_SETS:
        axes = _Axes.of(evidence, names)
        start: list[Numbers] | None = None
        losses: list[float] = []
        for ridge in RIDGES:
            found, start = _out_of_fold(axes, target, folds, ridge, start)
            losses.append(
                -float(np.log(np.maximum((found * target)[rows].sum(axis=1), _LEAST)).mean())
            )
            if losses[-1] < best[0] - 1e-6:
                best = (losses[-1], names, ridge)
            if len(losses) > 2 and min(losses[-2:]) > min(losses):
                break
    return best[1], best[2]


def _target(evidence: Evidence, classes: Sequence[str]) -> Numbers:
    """One-hot labels (n, C); zeros for a label that is not among the classes."""
    labels = np.asarray(evidence.labels, dtype=str)
    return np.stack([labels == name for name in classes], axis=1).astype(np.float64)


def _known(target: Numbers) -> Mask:
    """The cases whose label is among the classes: bool (n,)."""
    return np.asarray(target.any(axis=1), bool)


@dataclass(frozen=True, slots=True)
class _Axes:
    """Cases along their principal axes, scaled so that their mean squared length is 1.

    `places`: float32 (n, r). `basis`: float64 (dim, r). `spread`: (r,), mean square along each.
    """

    places: FloatImage
    basis: Numbers
    mean: Numbers
    scale: float
    spread: Numbers

    @classmethod
    def of(cls, evidence: Evidence, names: Sequence[str]) -> "_Axes":
        """All axes of the blocks side by side; by the smaller of the two Gram matrices."""
        vectors = np.hstack([evidence.blocks[name] for name in names]).astype(np.float64)
        mean = vectors.mean(axis=0)
        centred = vectors - mean
        wide = centred.shape[1] > len(centred)
        values, sides = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
        kept = values > _FLAT * max(values[-1], _LEAST)
        values, sides = values[kept], sides[:, kept]
        basis = centred.T @ (sides / np.sqrt(values)) if wide else sides
        scale = math.sqrt(max(float(values.sum()) / len(centred), _LEAST))
        places = np.asarray(centred @ basis / scale, np.float32)
        return cls(places, basis, mean, scale, values / len(centred) / scale**2)

    def unrotated(self, weight: Numbers, bias: Numbers) -> tuple[FloatImage, FloatImage]:
        """Weights for the numbers as they are: float32 (dim, C) and (C,)."""
        whole = self.basis @ weight / self.scale
        return whole.astype(np.float32), (bias - self.mean @ whole).astype(np.float32)


def _out_of_fold(
    axes: _Axes, target: Numbers, folds: Indices, ridge: float, start: list[Numbers] | None
) -> tuple[Numbers, list[Numbers]]:
    """Each case's probabilities from the other folds, (n, C); and each fold's solution."""
    found = np.zeros_like(target)
    known = _known(target)
    solutions = []
    for fold in range(FOLDS):
        inside = folds == fold
        first = None if start is None else start[fold]
        weight, bias = _minimum(axes, target, known & ~inside, ridge, first)
        found[inside] = softmax(axes.places[inside].astype(np.float64) @ weight + bias)
        solutions.append(np.vstack([weight, bias]))
    return found, solutions


def _minimum(
    axes: _Axes, target: Numbers, rows: Mask, ridge: float, start: Numbers | None
) -> tuple[Numbers, Numbers]:
    """The weights (r, C) and biases (C,) with the least penalised log loss over some rows."""
    from scipy.optimize import minimize

    places, wanted = axes.places[rows], target[rows].astype(np.float32)
    count, classes = wanted.shape
    # Steps are taken in units of 1 / root of a bound of the curvature along each axis.
    unit = 1 / np.sqrt(np.append(axes.spread / 4 + ridge, 1 / 4))[:, None]

    def loss(steps: Numbers) -> tuple[float, Numbers]:
        solution = steps.reshape(-1, classes) * unit
        weight = solution[:-1]
        odds = places @ weight.astype(np.float32) + solution[-1].astype(np.float32)
        odds -= odds.max(axis=1, keepdims=True)
        total = np.exp(odds).sum(axis=1, keepdims=True)
        off = (np.exp(odds) / total - wanted) / np.float32(count)
        fit = float((np.log(total[:, 0]) - (odds * wanted).sum(axis=1)).mean(dtype=np.float64))
        slope = np.vstack([places.T @ off + ridge * weight, off.sum(axis=0)]) * unit
        return fit + ridge / 2 * float((weight**2).sum()), slope.ravel().astype(np.float64)

    first = np.zeros((len(unit), classes)) if start is None else start / unit
    options = {"maxiter": 200, "gtol": 1e-5, "ftol": 1e-8}
    found = minimize(loss, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    solution = found.x.reshape(-1, classes) * unit
    return solution[:-1], solution[-1]
