"""How far an approximate index has to look, measured on the archive's own vectors.

Some rows ask, each without itself. What comparing with everything finds is the truth, for several
weightings at once: the default one, the same with words, all alike, each block alone, and one drawn
at random for each question, which stands for whatever a person may ask. For each the cheapest way
is taken that reaches the wanted recall; where none does, everything is compared.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from indexer.approximate import ANY, Approximate, Look, Recipe
from indexer.half import HalfVectors, mask_selector
from indexer.lists import Rows
from indexer.search_plan import ALL, TEXT
from models.arrays import FloatImage, Mask

FIRST = 10
QUESTIONS = 200
DEFAULT, WITH_TEXT = "default", "default and text"

_DEPTHS = (50, 150, 500, 1500)
_PROBES = tuple(1 << power for power in range(2, 11))
_MOST_SHARE = 0.25  # of the lists; looking into more is no cheaper than comparing with everything
_FILTER_SHARE = 0.1
_AT_ONCE = 1 << 13
_EQUAL = 1e-6


@dataclass(frozen=True, slots=True)
class Weighting:
    """`shares`: float32 (questions, blocks), each row of sum 1. `allowed`: bool (rows,), or all."""

    name: str
    shares: FloatImage
    allowed: Mask | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """`rows`: int64 (questions,), who asks. `vectors`: float32 (questions, dim), not weighted."""

    rows: Rows
    vectors: FloatImage
    blocks: Mapping[str, slice]

    @classmethod
    def of(cls, vectors: HalfVectors, blocks: Mapping[str, slice], most: int) -> "Asked":
        """Rows drawn from all, the same each time."""
        drawn = np.random.default_rng(0).choice(vectors.ntotal, min(most, vectors.ntotal), False)
        rows = np.sort(drawn).astype(np.int64)
        return cls(rows, vectors.reconstruct_batch(rows), blocks)

    def weighted(self, weighting: Weighting) -> FloatImage:
        """What is searched for: float32 (questions, dim)."""
        sizes = [inside.stop - inside.start for inside in self.blocks.values()]
        return np.asarray(self.vectors * np.repeat(weighting.shares, sizes, axis=1), np.float32)


def weightings(
    weights: Mapping[str, float], blocks: Mapping[str, slice], questions: int
) -> list[Weighting]:
    """Those that are measured. `weights`: the default ones; a scan alone asks without words."""
    names, draw = list(blocks), np.random.default_rng(1)
    whole = np.array([weights.get(name, 0.0) for name in names])
    words = np.array([name == TEXT for name in names])
    picture = np.where(words, 0, whole) if (whole * ~words).any() else whole
    told = {DEFAULT: picture, "equal": np.ones(len(names))}
    told |= {f"{name} alone": np.eye(len(names))[at] for at, name in enumerate(names)}
    if words.any():
        both = whole if (whole * words).any() else picture / picture.sum() + words
        told[WITH_TEXT] = both
    found = [
        Weighting(name, np.repeat(_scaled(one[None]), questions, axis=0))
        for name, one in told.items()
    ]
    return [*found, Weighting(ANY, _scaled(draw.dirichlet(np.ones(len(names)), questions)))]


def _scaled(shares: NDArray[np.floating]) -> FloatImage:
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def calibrated(
    index: Approximate, weights: Mapping[str, float], recall: float, questions: int = QUESTIONS
) -> tuple[Recipe, ...]:
    """What to do for each weighting, with the recall that was measured.

    `weights`: the default ones. Raises `IndexDamaged` if the vectors are not what was written.
    """
    asked = Asked.of(index.vectors, index.blocks, questions)
    wanted = weightings(weights, index.blocks, len(asked.rows))
    let = np.random.default_rng(2).random(index.vectors.ntotal) < _FILTER_SHARE
    narrow = replace(wanted[0], name="filtered", allowed=let)
    least = _truth(index.vectors, asked, [*wanted, narrow])
    found = [
        _recipe(index, asked, one, (kth, recall)) for one, kth in zip(wanted, least, strict=False)
    ]
    more = _for_filters(index, asked, narrow, (least[-1], recall), found[0])
    return tuple(replace(recipe, filtered=more) for recipe in found)


def _truth(vectors: HalfVectors, asked: Asked, wanted: list[Weighting]) -> list[FloatImage]:
    """For each weighting the score of each question's `FIRST`-nearest row; -inf if there are fewer.

    Memory does not grow with the archive.
    """
    best = [np.full((len(asked.rows), FIRST), -np.inf, np.float32) for _ in wanted]
    for first in range(0, vectors.ntotal, _AT_ONCE):
        count = min(_AT_ONCE, vectors.ntotal - first)
        rows = vectors.reconstruct_n(first, count)
        products = [asked.vectors[:, at] @ rows[:, at].T for at in asked.blocks.values()]
        own = np.flatnonzero((asked.rows >= first) & (asked.rows < first + count))
        for top, one in zip(best, wanted, strict=True):
            scores = np.zeros((len(asked.rows), count), np.float32)
            for share, product in zip(one.shares.T, products, strict=True):
                if share.any():
                    scores += share[:, None] * product
            scores[own, asked.rows[own] - first] = -np.inf
            if one.allowed is not None:
                scores[:, ~one.allowed[first : first + count]] = -np.inf
            both = np.concatenate([top, scores], axis=1)
            top[:] = np.partition(both, both.shape[1] - FIRST, axis=1)[:, -FIRST:]
    return [top.min(axis=1) for top in best]


def _recipe(
    index: Approximate, asked: Asked, one: Weighting, aim: tuple[FloatImage, float]
) -> Recipe:
    """The cheapest way that reaches the recall. `aim`: each question's last score, the recall."""
    named = dict(zip(index.blocks, one.shares[0].tolist(), strict=True))
    for parts in _choices(index, named, one.name):
        for probes in _ladder(index, parts):
            for depth, reached in _recalls(index, asked, one, (parts, probes, aim[0])):
                if reached >= aim[1]:
                    looks = tuple(Look(part, probes, depth) for part in parts)
                    return Recipe(one.name, named, looks, reached)
    return Recipe(one.name, named, (), 1.0)


def _choices(index: Approximate, named: Mapping[str, float], name: str) -> list[tuple[str, ...]]:
    """The parts that may serve, the fewest first."""
    used = {block for block, share in named.items() if share > 0}
    if len(used) == 1 and used & index.parts.keys():
        return [tuple(used)]
    whole = set(index.blocks) if name == ANY else used
    beside = [part for part in index.parts if part != ALL and part in whole]
    return [(ALL,), (ALL, *beside)] if beside and name != ANY else [(ALL, *beside)]


def _ladder(index: Approximate, parts: tuple[str, ...]) -> Iterator[int]:
    most = _MOST_SHARE * min(index.parts[part].count for part in parts)
    return (probes for probes in _PROBES if probes <= max(most, _PROBES[0]))


def _recalls(
    index: Approximate,
    asked: Asked,
    one: Weighting,
    how: tuple[tuple[str, ...], int, FloatImage],
) -> Iterator[tuple[int, float]]:
    """How many candidates, and the recall they give. `how`: parts, probes, last scores."""
    parts, probes, least = how
    query = asked.weighted(one)
    selector, bits = (None, None) if one.allowed is None else mask_selector(one.allowed)
    near = [index.parts[part].nearest(query, probes, _DEPTHS[-1], selector) for part in parts]
    del bits
    for depth in _DEPTHS:
        rows = np.concatenate([each[:, :depth] for each in near], axis=1)
        yield (
            depth,
            float(
                np.mean([_share(index, query, rows, asked, least, at) for at in range(len(query))])
            ),
        )


def _share(
    index: Approximate, query: FloatImage, rows: Rows, asked: Asked, least: FloatImage, at: int
) -> float:
    """Of the nearest of question `at` the share that is among its candidates."""
    own = np.unique(rows[at])
    own = own[(own >= 0) & (own != asked.rows[at])]
    scores = index.vectors.alike(query[at : at + 1], own)[0]
    wanted = FIRST if np.isfinite(least[at]) else max(1, min(FIRST, index.vectors.ntotal - 1))
    return min(wanted, int(np.count_nonzero(scores >= least[at] - _EQUAL))) / wanted


def _for_filters(
    index: Approximate,
    asked: Asked,
    narrow: Weighting,
    aim: tuple[FloatImage, float],
    plain: Recipe,
) -> float:
    """How many times the lists a filter that lets a tenth through needs."""
    if not plain.looks:
        return 1.0
    parts, depth = tuple(look.part for look in plain.looks), plain.looks[0].depth
    probes = plain.looks[0].probes
    for more in (1, 2, 4, 8, 16):
        found = dict(_recalls(index, asked, narrow, (parts, probes * more, aim[0])))
        if found[depth] >= aim[1]:
            return float(more)
    return 32.0
