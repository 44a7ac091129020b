"""What the search compares: the blocks of the store, and the one that the archive's labels taught.

The store keeps what describes a scan, which stays; the learned block changes with the archive and
is made anew for each generation.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from indexer.store import Store
from models.arrays import FloatImage
from models.heads.likeness import BLOCK, Likeness


def searched_dims(dims: Mapping[str, int], likeness: Likeness | None) -> dict[str, int]:
    """The blocks of a searched vector, in their order; `dims`: those of the store."""
    return dict(dims) if likeness is None else {**dims, BLOCK: likeness.dim}


def blocks_of(dims: Mapping[str, int]) -> dict[str, slice]:
    """The columns of each block."""
    ends = np.cumsum(list(dims.values()))
    return {
        name: slice(int(end) - dim, int(end))
        for (name, dim), end in zip(dims.items(), ends, strict=True)
    }


def searched_vectors(
    store: Store, dims: Mapping[str, int], likeness: Likeness | None
) -> Iterator[FloatImage]:
    """Every instance's vector, float32 (n, sum of `searched_dims`), part by part, in order."""
    ends = np.cumsum(list(dims.values()))
    for vectors in store.vectors(dims):
        if likeness is None:
            yield vectors
            continue
        blocks = dict(zip(dims, np.split(vectors, ends[:-1], axis=1), strict=True))
        yield np.hstack([vectors, likeness.block(blocks)])
