"""Vectors for `benchmarks.search`: an index's own, enlarged to a stated number.

A made vector lies, in each block, between a film and one of its 10 nearest (how far between is
drawn evenly), with normal noise of `NOISE` of its length along the block's principal axes, as much
on each as the films spread there; then it is scaled to length 1. Each block is first turned onto
its principal axes and cut to `DIMS`. So the made vectors lie as densely around the films as the
films are alike; they are not films.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.searched import blocks_of
from models.arrays import FloatImage
from retrieval.index import OpenIndex

DIMS = {"colour": 64, "edge": 64, "embedding": 320, "text": 64}
"""512 numbers, which is what published comparisons use."""

WEIGHTS = {"colour": 0.2, "edge": 0.1, "embedding": 0.6, "text": 0.1}
BLOCKS = blocks_of(DIMS)
NEAR = 10
NOISE = 0.35
BATCH = 1 << 14


@dataclass(frozen=True, slots=True)
class Source:
    """Films' blocks, float32 (films, 512), each film's nearest, and each block's spread."""

    rows: FloatImage
    near: np.ndarray
    spread: FloatImage

    @classmethod
    def of(cls, index: Path) -> "Source":
        """Those of an index that `cbir index` built."""
        opened = OpenIndex(index)
        try:
            stored = opened.ranker.stored(np.arange(len(opened.facts)))
            parts = {name: stored[:, opened.blocks[name]] for name in DIMS}
        finally:
            opened.close()
        rows = np.hstack([_turned(parts[name], dim) for name, dim in DIMS.items()])
        alike = weighted(rows, WEIGHTS) @ rows.T
        near = np.argsort(-alike, axis=1)[:, 1 : NEAR + 1]
        return cls(rows, near, rows.std(axis=0).astype(np.float32))

    def made(self, count: int, seed: int) -> Iterator[FloatImage]:
        """`count` vectors, batch after batch; the same for the same seed."""
        for first in range(0, count, BATCH):
            random = np.random.default_rng([seed, first])
            size = min(BATCH, count - first)
            film = random.integers(0, len(self.rows), size)
            other = self.near[film, random.integers(0, self.near.shape[1], size)]
            share = random.random((size, 1), np.float32)
            rows = share * self.rows[film] + (1 - share) * self.rows[other]
            noise = random.standard_normal(rows.shape, np.float32) * self.spread
            for inside in BLOCKS.values():
                block = rows[:, inside]
                length = max(float(np.linalg.norm(self.spread[inside])), 1e-9)
                block += NOISE * noise[:, inside] / length
                block /= np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-9)
            yield rows


def _turned(block: FloatImage, dim: int) -> FloatImage:
    """On its principal axes, the first `dim` of them, zeros where there are fewer; length 1."""
    axes = np.linalg.svd(block, full_matrices=False)[2][:dim]
    turned = np.zeros((len(block), dim), np.float32)
    turned[:, : len(axes)] = block @ axes.T
    return np.asarray(turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9))


def weighted(rows: FloatImage, weights: dict[str, float]) -> FloatImage:
    """Each block times its weight."""
    shares = np.repeat([weights.get(name, 0.0) for name in DIMS], list(DIMS.values()))
    return np.asarray(rows * shares, np.float32)


def truth(rows: FloatImage, queries: FloatImage, allowed: np.ndarray, first: int) -> FloatImage:
    """The score of the `first`-nearest allowed row of each query, by comparing with everything."""
    best = np.full((len(queries), first), -np.inf, np.float32)
    for at in range(0, len(rows), BATCH):
        scores = queries @ rows[at : at + BATCH].T
        scores[:, ~allowed[at : at + BATCH]] = -np.inf
        both = np.concatenate([best, scores], axis=1)
        best = np.partition(both, both.shape[1] - first, axis=1)[:, -first:]
    return np.asarray(best.min(axis=1), np.float32)
