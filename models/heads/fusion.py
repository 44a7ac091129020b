"""How much each descriptor counts, learned from the archive's labels.

The score of two cases is the sum of their descriptors' similarities, each times its weight. The
weights of the picture's descriptors are those with which an archive's case, searched among other
patients' cases, finds its own label first: the largest mean average precision, with every label
counting alike, less a penalty on leaving the defaults (a ridge) that keeps a few films from
deciding everything. The search is a grid over the simplex and then smaller and smaller steps from
its best point; mAP has steps itself, so there is no gradient to follow.

The weight of the text is not learned. A report usually holds the diagnosis in so many words, so on
the archive the text would always look like the best descriptor; on a new film there is no report
yet. It is fixed at `DEFAULT_WEIGHTS["text"]`, and counts only where the query has words.
"""

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask
from models.errors import IndexDamaged
from models.heads.evidence import sample_judged
from models.heads.leave_out import codes, same_patient

DEFAULT_WEIGHTS = {"colour": 0.2, "edge": 0.2, "embedding": 0.35, "text": 0.25}
"""Where there is nothing to learn from; sums to 1. Near to even, and tuned to no archive: which
descriptor serves best differs from one to the next."""

CAP = 400
"""Cases that are looked at: enough for weights to within what mAP can tell apart."""

FEWEST = 20
"""Labelled cases below which the defaults stay."""

RIDGE = 0.02
"""mAP that a squared distance of 1 from the default weights has to bring in.

Chosen on patients of an archive alone (993 chest films; fitted on one half, measured on the other,
six times): up to 0.02 the other half's mAP stays within .002 of its best (.528), at 0.1 it is .007
below, and the chosen weights vary less the larger it is.
"""

_GRID = 5
_STEPS = (0.1, 0.05)

Point = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """The descriptors' weights: at least 0, sum 1, text included.

    `learned`: whether the archive's labels chose them. `mean_average_precision`: what they reached
    there (0..1; every label counting alike, patients left out), 0 if not learned.
    """

    weights: dict[str, float]
    learned: bool = False
    mean_average_precision: float = 0.0

    @classmethod
    def default(cls, names: Sequence[str]) -> Self:
        """The default weights of these descriptors; one without a default gets the mean of all."""
        mean = sum(DEFAULT_WEIGHTS.values()) / len(DEFAULT_WEIGHTS)
        return cls(_scaled({name: DEFAULT_WEIGHTS.get(name, mean) for name in names}, 1.0))

    @classmethod
    def fit(
        cls,
        similarity: Mapping[str, FloatImage],
        labels: Sequence[str],
        groups: Sequence[str],
        judged: Mask | None = None,
    ) -> Self:
        """The weights that serve this archive best; the same every time for the same archive.

        `similarity`: for each descriptor float32 (n, n), range -1..1, what the cases' blocks give
        each other. `labels`: n names, empty where a case has none. `groups`: n patient ids.
        `judged`: bool (n,), the cases that search, all of them if not given; the others are only
        found. At most `CAP` cases are looked at, whole patients at a time. The defaults stay with
        fewer than `FEWEST` labelled cases that search, fewer than two labels, or one descriptor of
        the picture.
        """
        default = cls.default(list(similarity))
        pictures = [name for name in similarity if name != "text"]
        labelled = np.flatnonzero(np.asarray(labels, dtype=str) != "")
        may = np.ones(len(labels), bool) if judged is None else judged
        rows = labelled[
            sample_judged([groups[row] for row in labelled.tolist()], may[labelled], CAP)
        ]
        chosen = [labels[row] for row in rows]
        few = may[labelled].sum() < FEWEST
        if len(pictures) < 2 or few or len(set(chosen)) < 2:
            return default
        own = same_patient([groups[row] for row in rows])
        blocks = np.stack([similarity[name][np.ix_(rows, rows)] for name in pictures])
        measure = _Measure(blocks, codes(chosen), own, may[rows])
        share = sum(default.weights[name] for name in pictures)
        start = tuple(default.weights[name] / share for name in pictures)
        best = _search(start, measure)
        weights = _scaled(dict(zip(pictures, best, strict=True)), share)  # they were rounded
        return cls(default.weights | weights, True, measure.mean_average_precision(best))

    def to_json(self) -> str:
        """The weights as JSON, for the index's `heads/` folder."""
        fields = {
            "weights": self.weights,
            "learned": self.learned,
            "mean_average_precision": self.mean_average_precision,
        }
        return json.dumps(fields, indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The weights that `to_json` wrote. Raises `IndexDamaged` for anything else."""
        try:
            fields = json.loads(text)
            weights = {str(name): float(weight) for name, weight in fields["weights"].items()}
            learned = bool(fields["learned"])
            reached = float(fields["mean_average_precision"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexDamaged(
                f"the fusion weights of the index cannot be read: {error!r}"
            ) from error
        if min(weights.values(), default=0) < 0 or not math.isclose(sum(weights.values()), 1):
            raise IndexDamaged(
                f"the fusion weights of the index are {weights}; they are at least 0 and sum to 1"
            )
        return cls(weights, learned, reached)


def _scaled(weights: Mapping[str, float], total: float) -> dict[str, float]:
    now = sum(weights.values())
    return {name: total * weight / now for name, weight in weights.items()}


class _Measure:
    """Mean average precision of a weighting, over labels, each patient left out in turn."""

    def __init__(
        self, blocks: FloatImage, truth: NDArray[np.intp], own: Mask, judged: Mask
    ) -> None:
        self._blocks = blocks
        self._own = own
        self._relevant = (truth[:, None] == truth[None, :]) & ~own
        self._wanted = self._relevant.sum(axis=1)
        answerable = (self._wanted > 0) & judged
        of_label = np.bincount(truth[answerable], minlength=int(truth.max()) + 1)
        # A case whose label no other patient has cannot be answered, and is not asked.
        self._share = np.where(answerable, 1 / np.maximum(1, of_label[truth]), 0)
        self._share /= max(1e-9, float(self._share.sum()))
        self._ranks = np.arange(1, len(truth) + 1, dtype=np.float32)

    def mean_average_precision(self, weights: Point) -> float:
        """0..1. Ties are broken against the weighting."""
        score = np.tensordot(np.asarray(weights, np.float32), self._blocks, axes=1)
        # Positive floats order as their bits do: one sort of integers whose last bit is relevance
        # takes a fifth of the time of an argsort and its look-ups.
        keys = np.where(self._own, np.float32(np.inf), np.float32(2) - score).view(np.int32)
        ranked = np.sort((keys & ~1) | self._relevant, axis=1) & 1
        found = np.cumsum(ranked, axis=1, dtype=np.float32)
        precision = (found / self._ranks * ranked).sum(axis=1) / np.maximum(1, self._wanted)
        return float(precision @ self._share)


def _search(start: Point, measure: _Measure) -> Point:
    """The best weights: on a grid over the simplex, then by moving weight between two blocks."""

    def worth(point: Point) -> float:
        distance = sum((a - b) ** 2 for a, b in zip(point, start, strict=True))
        return measure.mean_average_precision(point) - RIDGE * distance

    seen = {point: worth(point) for point in [start, *_simplex(len(start))]}
    best = max(seen, key=lambda point: seen[point])
    for step in _STEPS:
        while True:
            for point in _neighbours(best, step):
                if point not in seen:
                    seen[point] = worth(point)
            better = max(seen, key=lambda point: seen[point])
            if better == best:
                break
            best = better
    return best


def _simplex(count: int) -> Iterator[Point]:
    """All weightings of `count` blocks in multiples of 1 / `_GRID`."""
    for bars in itertools.combinations(range(_GRID + count - 1), count - 1):
        edges = (-1, *bars, _GRID + count - 1)
        yield tuple((b - a - 1) / _GRID for a, b in itertools.pairwise(edges))


def _neighbours(point: Point, step: float) -> Iterator[Point]:
    """`point` with up to `step` of weight moved from one block to another."""
    for giver, taker in itertools.permutations(range(len(point)), 2):
        moved = min(step, point[giver])
        if moved > 0:
            other = list(point)
            other[giver] -= moved
            other[taker] += moved
            yield tuple(round(weight, 6) for weight in other)
