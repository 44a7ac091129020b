"""Whether a scan is of the kind that the archive holds: out-of-distribution detection.

The blocks side by side are laid along the archive's main directions (probabilistic PCA; Tipping and
Bishop 1999). A scan is unlike the archive's if it is far from their middle along these directions
(the Mahalanobis distance; Lee et al. 2018), or if much of it lies beside all of them (the residual;
Wang et al. 2022, ViM). Each of the two is divided by what 99 of 100 of the archive's own scans keep
to, left out with their patient; the larger one is the novelty.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.heads.evidence import FOLDS, Evidence

Numbers = NDArray[np.float64]

ATYPICAL = 0.01
"""Of scans of the archive's kind, this share is called unlike them."""

FEWEST = 50
"""Judged cases below which one in a hundred cannot be told."""

DIRECTIONS = 128
"""Most directions that are kept; one for eight cases at most, since fewer cannot place more, and
half of all, since something has to lie beside them."""

CAP = 1000
"""Cases that are looked at."""

_CASES_A_DIRECTION = 8
_TINY = 1e-6  # below the rounding of float32 nothing is far from anything


@dataclass(frozen=True, slots=True)
class Novelty:
    """A fitted detector.

    `blocks`: what it looks at. `mean`: float32 (dim,). `directions`: float32 (r, dim), orthonormal.
    `variance`: float32 (r,). `scale`: what the distance and the residual are divided by.
    `threshold`: a scan above it is unlike the archive's.
    """

    blocks: tuple[str, ...]
    mean: FloatImage
    directions: FloatImage
    variance: FloatImage
    scale: tuple[float, float] = (1.0, 1.0)
    threshold: float = math.inf

    def value(self, features: Mapping[str, FloatImage]) -> float:
        """How unlike the archive's scans one is: from 0; blocks of (dim,) each."""
        vector = np.concatenate([features[name] for name in self.blocks])
        return float(self.values(vector[None])[0])

    def values(self, vectors: FloatImage) -> Numbers:
        """The same for blocks side by side, float32 (n, dim): (n,)."""
        return np.asarray((self.parts(vectors) / self.scale).max(axis=1), np.float64)

    def parts(self, vectors: FloatImage) -> Numbers:
        """The squared distance along the directions, and what lies beside them: (n, 2)."""
        centred = vectors.astype(np.float64) - self.mean
        along = centred @ self.directions.T.astype(np.float64)
        beside = (centred**2).sum(axis=1) - (along**2).sum(axis=1)
        return np.stack([(along**2 / self.variance).sum(axis=1), np.maximum(0, beside)], axis=1)


def fit(evidence: Evidence) -> Novelty | None:
    """The detector of an archive.

    None with fewer than `FEWEST` judged cases to set it by, or where all are the same picture.
    """
    evidence = evidence.sampled(CAP)
    if int(evidence.judged.sum()) < FEWEST:
        return None
    blocks = tuple(sorted(evidence.blocks))
    vectors = np.hstack([evidence.blocks[name] for name in blocks])
    folds = evidence.folds()
    # As many directions with a fold left out as without: distances grow with their number.
    rank = _rank(len(vectors) - int(np.bincount(folds).max()), vectors.shape[1])
    left_out = np.zeros((len(evidence), 2))
    for fold in range(FOLDS):
        inside = folds == fold
        left_out[inside] = _plain(blocks, vectors[~inside], rank).parts(vectors[inside])
    seen = left_out[evidence.judged]
    scale = np.maximum(_TINY, [_reached(column) for column in seen.T])
    found = _plain(blocks, vectors, rank)
    threshold = _reached((seen / scale).max(axis=1))
    if not threshold > _TINY:  # all of its pictures are the same: there is no kind to be unlike
        return None
    return Novelty(
        blocks,
        found.mean,
        found.directions,
        found.variance,
        (float(scale[0]), float(scale[1])),
        threshold,
    )


def _reached(values: Numbers) -> float:
    """What a new scan of the same kind exceeds with a chance of `ATYPICAL`, or 1 / (n + 1)."""
    place = min(len(values), math.ceil((len(values) + 1) * (1 - ATYPICAL)))
    return float(np.sort(values)[place - 1])


def _rank(cases: int, dim: int) -> int:
    return max(1, min(DIRECTIONS, cases // _CASES_A_DIRECTION, dim // 2))


def _plain(blocks: tuple[str, ...], vectors: FloatImage, rank: int) -> Novelty:
    """The `rank` main directions of some vectors, without scale and threshold.

    By four rounds of subspace iteration from a fixed start (Halko, Martinsson and Tropp 2011): the
    whole decomposition would take ten times as long, and its other directions are not looked at.
    """
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = (vectors - mean).astype(np.float32)
    start = np.random.default_rng(0).standard_normal((centred.shape[1], rank + 10))
    basis = start.astype(np.float32)
    for _ in range(4):
        basis = np.linalg.qr(centred.T @ (centred @ basis))[0]
    _, lengths, turn = np.linalg.svd(centred @ basis, full_matrices=False)
    directions = (basis @ turn.T).T[:rank]
    variance = np.maximum(lengths[:rank].astype(np.float64) ** 2 / len(vectors), _TINY)
    return Novelty(blocks, mean.astype(np.float32), directions, variance.astype(np.float32))
