"""Every aggregation once more, of one case, as slowly and plainly as it can be written."""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement

import numpy as np


def late(similarity: np.ndarray) -> float:
    return float(np.mean([max(row) for row in similarity.tolist()]))


def maximum(similarity: np.ndarray) -> float:
    return float(similarity.max())


def mean_best(similarity: np.ndarray) -> float:
    best = sorted((max(row) for row in similarity.tolist()), reverse=True)
    return float(np.mean(best[: max(1, round(len(best) / 2))]))


def symmetric(similarity: np.ndarray) -> float:
    return (late(similarity) + late(similarity.T)) / 2


def ordered(similarity: np.ndarray) -> float:
    """Of all matchings that never go back, the best."""
    instances, rows = similarity.shape
    return max(
        float(similarity[np.arange(instances), list(matching)].mean())
        for matching in combinations_with_replacement(range(rows), instances)
    )


PLAIN: dict[str, Callable[[np.ndarray], float]] = {
    "late": late,
    "maximum": maximum,
    "mean-best": mean_best,
    "ordered": ordered,
    "symmetric": symmetric,
}


def rank_fusion(cases: Sequence[np.ndarray]) -> list[float]:
    """Each case's mean of 1 / (60 + rank); no two of the likenesses may be equal."""
    best = np.array([similarity.max(axis=1) for similarity in cases])
    ranks = 1 + (-best).argsort(axis=0).argsort(axis=0)
    return [float(np.mean(1 / (60 + row))) for row in ranks]
