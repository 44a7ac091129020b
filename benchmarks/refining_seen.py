"""What a way to refine a search sees of it, and what it may change; see `benchmarks.refining`.

None of them is in the product: docs/refining.md says what each brought.

A way sees the query and its nearest cases (`Candidates`), and either changes what is searched for
(`Expanding`: the score stays a sum over blocks) or says how well each candidate fits into the
company of the others (`Agreeing`: a part of the score of its own, beside the blocks').
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask

People = NDArray[np.intp]
"""A number for each case's person: (cases,); equal only for cases of one person."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """A query and the m nearest cases of other patients, best first.

    `query`: float32 (instances, dim), its blocks side by side, each of length 1 or zeros.
    `vectors`: float32 (m, instances, dim), of each case the row nearest to each query instance.
    `scores`: float32 (m,). `people`: (m,). `weights`: of the blocks, sum 1. `blocks`: their
    columns.
    """

    query: FloatImage
    vectors: FloatImage
    scores: FloatImage
    people: People
    weights: Mapping[str, float]
    blocks: Mapping[str, slice]

    def __len__(self) -> int:
        """How many cases."""
        return len(self.scores)

    @property
    def columns(self) -> FloatImage:
        """The weight of each column: float32 (dim,)."""
        return columns_of(self.weights, self.blocks)

    def similarity(self) -> FloatImage:
        """The scores that the query and the cases give each other: float32 (1 + m, 1 + m).

        The query comes first. Of several instances the mean counts, scaled to length 1, so that
        everything has 1 with itself. Cases of one person have 0: they may not speak for each other.
        """
        means = np.vstack([self.query[None], self.vectors]).mean(axis=1)
        means *= np.sqrt(self.columns)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        found = np.clip(means @ means.T, 0, 1)
        found[1:, 1:][self._one_person()] = 0
        np.fill_diagonal(found, 1)
        return np.asarray(found, np.float32)

    def _one_person(self) -> Mask:
        same: Mask = self.people[:, None] == self.people[None, :]
        return same


@runtime_checkable
class Expanding(Protocol):
    """Changes what is searched for. `depth`: how many of the nearest cases it wants to see."""

    @property
    def depth(self) -> int:
        """Cases."""
        ...

    def expanded(self, seen: Candidates) -> FloatImage:
        """A new query: float32 (instances, dim), each block of length 1, or zeros as before."""
        ...


class Agreeing(Protocol):
    """Adds to the score. `name`: of its part. `share`: of the score, from 0 to 1."""

    @property
    def depth(self) -> int:
        """Cases that it wants to see; no other case gets anything."""
        ...

    @property
    def name(self) -> str:
        """Of its part of a score."""
        ...

    @property
    def share(self) -> float:
        """Of the score; the similarity keeps the rest."""
        ...

    def agreement(self, seen: Candidates) -> FloatImage:
        """Of each candidate: float32 (m,), range 0..1."""
        ...


Way = Expanding | Agreeing


def columns_of(weights: Mapping[str, float], blocks: Mapping[str, slice]) -> FloatImage:
    """The weight of each column of a searched vector: float32 (dim,)."""
    columns = np.zeros(max(inside.stop for inside in blocks.values()), np.float32)
    for name, inside in blocks.items():
        columns[inside] = weights.get(name, 0.0)
    return columns


def unit_blocks(vectors: FloatImage, blocks: Mapping[str, slice]) -> FloatImage:
    """Each block of each row scaled to length 1: float32 (n, dim); one of zeros stays so."""
    scaled = vectors.astype(np.float32, copy=True)
    for inside in blocks.values():
        lengths = np.linalg.norm(scaled[:, inside], axis=1, keepdims=True)
        np.divide(scaled[:, inside], lengths, out=scaled[:, inside], where=lengths > 1e-6)
    return scaled
