"""How much each block of a query counts, and the vector that is searched for."""

from collections.abc import Iterable, Mapping

import numpy as np

from models.arrays import FloatImage
from models.errors import UsageError
from models.heads.likeness import BLOCK

Blocks = Mapping[str, FloatImage]
"""Each block of a query, float32 (instances, dim), in their order; zeros where it has none."""


def check_weights(asked: Mapping[str, float], known: Iterable[str]) -> None:
    """Raises `UsageError` for a block that does not exist, or a weight that is none."""
    for name, weight in asked.items():
        if name not in known:
            raise UsageError(f"there is no descriptor {name!r}; there are: {', '.join(known)}")
        if not 0 <= weight < np.inf:
            raise UsageError(f"the weight of {name} is {weight}; it is a number from 0 on")


def scaled(weights: Mapping[str, float], blocks: Blocks) -> dict[str, float]:
    """The weights of the blocks that the query has; they sum to 1, so that 1 is the best.

    Raises `UsageError` where nothing is left to search by.
    """
    present = {name: weights[name] if block.any() else 0.0 for name, block in blocks.items()}
    total = sum(present.values())
    if not np.isfinite(total):
        raise UsageError("the weights are too large to be added up; only their ratio counts")
    if total <= 0:
        raise UsageError(
            "every descriptor that the query has is weighted 0; give one a weight"
            if any(block.any() for block in blocks.values())
            else "none of the asked words occurs in the archive's texts"
        )
    return {name: weight / total for name, weight in present.items()}


def for_vote(
    weights: Mapping[str, float], asked: Mapping[str, float], blocks: Blocks
) -> dict[str, float]:
    """The weights with which labelled cases vote: without what their labels taught.

    That has a part of its own in the diagnosis, and would count twice. `weights`: those that the
    vote was fitted with; `asked` go before them, unless they leave nothing to vote with.
    """
    chosen = {**weights, **asked, BLOCK: 0.0}
    if not any(chosen[name] and block.any() for name, block in blocks.items()):
        chosen = {**weights, BLOCK: 0.0}
    return scaled(chosen, blocks)


def weighted(blocks: Blocks, weights: Mapping[str, float]) -> FloatImage:
    """The blocks side by side, each times its weight: float32 (instances, dim)."""
    parts = [np.float32(weights[name]) * block for name, block in blocks.items()]
    return np.asarray(np.hstack(parts), np.float32)
