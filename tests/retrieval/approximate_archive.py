"""A simulated archive: clustered blocks side by side, cases of several rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from indexer import searchable
from indexer.half import SUMS
from indexer.search_plan import Wish, plan
from indexer.searched import blocks_of

DIMS = {"colour": 24, "edge": 24, "embedding": 64, "text": 32, "learned": 3}
WEIGHTS = {"colour": 0.2, "edge": 0.1, "embedding": 0.3, "text": 0.1, "learned": 0.3}
BLOCKS = blocks_of(DIMS)
KINDS = 40


def drawn(count: int, seed: int, dims: Mapping[str, int] = DIMS) -> np.ndarray:
    """Unit blocks near one of `KINDS` centres, half of them of one kind in every block."""
    random, parts = np.random.default_rng(seed), []
    kind = random.integers(0, KINDS, count)
    for at, dim in enumerate(dims.values()):
        centres = np.random.default_rng(100 + at).standard_normal((KINDS, dim))
        own = np.where(random.random(count) < 0.5, kind, random.integers(0, KINDS, count))
        rows = centres[own] + 0.6 * random.standard_normal((count, dim))
        parts.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return np.hstack(parts).astype(np.float32)


def weighted(rows: np.ndarray, weights: Mapping[str, float]) -> np.ndarray:
    """Each block times its weight."""
    shares = [weights.get(name, 0.0) for name in DIMS]
    return np.asarray(rows * np.repeat(shares, list(DIMS.values())), np.float32)


def made(folder: Path, rows: np.ndarray, before: searchable.Before | None = None) -> dict[str, Any]:
    """An approximate index of `rows`; what the manifest would say."""
    wish = Wish("approximate")
    form = (plan(len(rows), DIMS, WEIGHTS, wish), BLOCKS)
    return searchable.write(folder, np.array_split(rows, 7), form, wish, before)


def opened(folder: Path, told: Mapping[str, Any], mapped: bool = True) -> searchable.Searchable:
    """What `made` wrote."""
    count = told["count"]
    return searchable.open_search(folder, told, BLOCKS, count, lambda name: None, mapped)


FILES = {SUMS, "vectors.faiss", *(f"lists-{name}.faiss" for name in ("all", *DIMS))}
