"""Linear discriminant analysis whose covariance is shrunk: fitted on fewer rows than dimensions.

Classes are normal with one covariance, which is drawn towards a ball of the same volume (Friedman
1989, Regularized Discriminant Analysis). With fewer rows than dimensions the inverse is taken in
the rows' own space (Woodbury), so that 300 rows of 1,280 numbers take some milliseconds.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.heads.leave_out import Indices

_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ShrunkLda:
    """`weights`: float32 (classes, dim). `bias`: float32 (classes,)."""

    weights: FloatImage
    bias: FloatImage

    def scores(self, vectors: FloatImage) -> FloatImage:
        """Log likelihood of each class, float32 (n, classes), up to what all of a row share.

        `vectors`: float32 (n, dim).
        """
        return np.asarray(vectors @ self.weights.T + self.bias, np.float32)

    def probabilities(self, vectors: FloatImage) -> FloatImage:
        """float32 (n, classes); rows sum to 1."""
        scores = self.scores(vectors)
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)

    @classmethod
    def fit(cls, vectors: FloatImage, classes: Indices, shrinkage: float, prior: bool) -> Self:
        """Fits it on `vectors`, (n, dim), of `classes`, (n,), numbered from 0 without a gap.

        `shrinkage`: share of the ball, above 0 up to 1. `prior`: whether frequent classes are more
        likely beforehand. Raises `ValueError` for a class without a row.
        """
        counts = np.bincount(classes)
        if not counts.size or counts.min() == 0:
            raise ValueError(f"a class has no row: {counts.tolist()}")
        rows = np.asarray(vectors, np.float64)
        means = np.stack([rows[classes == code].mean(axis=0) for code in range(counts.size)])
        weights = _inverse_times(means, rows - means[classes], shrinkage)
        bias = -0.5 * (weights * means).sum(axis=1)
        bias += np.log(counts / counts.sum()) if prior else 0.0
        return cls(weights.astype(np.float32), bias.astype(np.float32))


def _inverse_times(means: _Numbers, residuals: _Numbers, shrinkage: float) -> _Numbers:
    """The shrunk covariance of `residuals`, inverted, times each of `means`: (classes, dim)."""
    count, dim = residuals.shape
    ball = shrinkage * max(float((residuals**2).sum()) / count / dim, 1e-12)
    rest = (1 - shrinkage) / count
    if count >= dim:
        covariance = rest * residuals.T @ residuals + ball * np.eye(dim)
        return np.asarray(np.linalg.solve(covariance, means.T).T)
    inner = residuals @ residuals.T
    inner[np.diag_indices(count)] += ball / max(rest, 1e-12)
    corrected = np.linalg.solve(inner, residuals @ means.T)
    return np.asarray((means - corrected.T @ residuals) / ball)
