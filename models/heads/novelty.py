"""Whether a scan is of the kind that the archive holds: out-of-distribution detection.

Some blocks side by side are laid along the archive's main directions (probabilistic PCA; Tipping
and Bishop 1999). A scan is unlike the archive's if it is far from their middle along these
directions (the Mahalanobis distance; Lee et al. 2018), or if much of it lies beside all of them
(the residual; Wang et al. 2022, ViM). Each of the two is divided by what 99 of 100 of the archive's
own scans keep to, left out with their patient; the largest one is the novelty.

It is looked at in several spaces: all blocks together, and each block alone. An embedding that was
trained to tell the archive's labels hardly tells anything else (it maps all that it was not shown
onto what it knows), and beside it the histograms would be overheard.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

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
class Space:
    """Some blocks side by side, and how the archive's scans lie in them.

    `blocks`: their names. `mean`: float32 (dim,). `directions`: float32 (r, dim), orthonormal.
    `variance`: float32 (r,). `scale`: what the distance and the residual are divided by.
    """

    blocks: tuple[str, ...]
    mean: FloatImage
    directions: FloatImage
    variance: FloatImage
    scale: tuple[float, float] = (1.0, 1.0)

    def values(self, features: Mapping[str, FloatImage]) -> Numbers:
        """How unlike the archive's some scans are: from 0, (n,); blocks of (n, dim) each."""
        parts = self.parts(np.hstack([features[name] for name in self.blocks]))
        return np.asarray((parts / self.scale).max(axis=1), np.float64)

    def parts(self, vectors: FloatImage) -> Numbers:
        """The squared distance along the directions, and what lies beside them: (n, 2)."""
        centred = vectors.astype(np.float64) - self.mean
        along = centred @ self.directions.T.astype(np.float64)
        beside = (centred**2).sum(axis=1) - (along**2).sum(axis=1)
        return np.stack([(along**2 / self.variance).sum(axis=1), np.maximum(0, beside)], axis=1)


@dataclass(frozen=True, slots=True)
class Novelty:
    """A fitted detector. `threshold`: a scan above it, in any space, is unlike the archive's."""

    spaces: tuple[Space, ...]
    threshold: float = math.inf

    def value(self, features: Mapping[str, FloatImage]) -> float:
        """How unlike the archive's scans one is: from 0; blocks of (dim,) each."""
        return float(self.values({name: block[None] for name, block in features.items()})[0])

    def values(self, features: Mapping[str, FloatImage]) -> Numbers:
        """The same of several: blocks of float32 (n, dim) in, (n,) out."""
        found: Numbers = np.max([space.values(features) for space in self.spaces], axis=0)
        return found


def fit(evidence: Evidence) -> Novelty | None:
    """The detector of an archive.

    None with fewer than `FEWEST` judged cases to set it by, or where all are the same picture.
    """
    evidence = evidence.sampled(CAP)
    if int(evidence.judged.sum()) < FEWEST:
        return None
    names = tuple(sorted(evidence.blocks))
    together = [names] if len(names) > 1 else []
    fitted = [_fitted(evidence, blocks) for blocks in (*together, *((name,) for name in names))]
    known = [one for one in fitted if one is not None]
    if not known:  # all of its pictures are the same: there is no kind to be unlike
        return None
    left_out = np.max([values for _, values in known], axis=0)
    return Novelty(tuple(space for space, _ in known), _reached(left_out))


def _fitted(evidence: Evidence, blocks: tuple[str, ...]) -> tuple[Space, Numbers] | None:
    """A space of these blocks, and what the judged cases reach in it, left out with their patient.

    None where all cases are alike in it.
    """
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
    reached = (seen / scale).max(axis=1)
    if not _reached(reached) > _TINY:
        return None
    plain = _plain(blocks, vectors, rank)
    return replace(plain, scale=(float(scale[0]), float(scale[1]))), reached


def _reached(values: Numbers) -> float:
    """What a new scan of the same kind exceeds with a chance of `ATYPICAL`, or 1 / (n + 1)."""
    place = min(len(values), math.ceil((len(values) + 1) * (1 - ATYPICAL)))
    return float(np.sort(values)[place - 1])


def _rank(cases: int, dim: int) -> int:
    return max(1, min(DIRECTIONS, cases // _CASES_A_DIRECTION, dim // 2))


def _plain(blocks: tuple[str, ...], vectors: FloatImage, rank: int) -> Space:
    """The `rank` main directions of some vectors, without scale.

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
    return Space(blocks, mean.astype(np.float32), directions, variance.astype(np.float32))
