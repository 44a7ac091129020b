"""From words to pictures: cases that nobody annotated, found by words.

Words find cases by their texts. What those cases look like is then searched for as well, so that a
case without a text is found if it looks like them (Rocchio's formula again, on pseudo-relevant
cases):

    picture blocks = mean of the MATCHING cases whose texts are nearest to the words

each block scaled to length 1. The nearer a text, the more its case counts in the mean. To take
cases whose texts do not match away from it brought nothing, see docs/refining.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage, Mask
from retrieval.ranking import CaseRanker, Ranked
from retrieval.refining.similarity import BySimilarity

NAME = "spread"
"""Of its part of a score."""

MATCHING = 50
"""Cases that speak for the words; chosen on archive rows of chest films, see docs/refining.md."""

_LEAST = 0.05
"""Cosine of two texts below which they share nothing to speak of."""

_NOTHING = 1e-6
_TEXT = "text"


@dataclass(frozen=True, slots=True)
class Spread:
    """What words look like. `blocks`: of pictures, float32 (1, dim) each. `cases`: that matched.

    Without any the blocks are zeros, and words are found in texts alone.
    """

    blocks: Mapping[str, FloatImage]
    cases: int


@dataclass(frozen=True, slots=True)
class BySpread:
    """See `retrieval.refining.Ranking`: what pictures gave is one part."""

    plain: BySimilarity

    def nearest(self, count: int, allowed: Mask) -> list[Ranked]:
        """By the weighted sum of what the blocks say."""
        return self.plain.nearest(count, allowed)

    def contributions(self, ranked: Ranked) -> dict[str, float]:
        """What the text gave, and what the pictures did, together."""
        given = self.plain.contributions(ranked)
        pictures = sum(part for name, part in given.items() if name != _TEXT)
        return {_TEXT: given[_TEXT], NAME: pictures}

    def best_row(self, ranked: Ranked) -> int:
        """The nearest to what was asked."""
        return self.plain.best_row(ranked)


def spread(
    ranker: CaseRanker,
    places: Mapping[str, slice],
    words: FloatImage,
    annotated: Mask,
    most: int = MATCHING,
) -> Spread:
    """What the cases whose texts match some words look like.

    `places`: the columns of each block. `words`: the text block, float32 (1, dim). `annotated`:
    bool (rows,), the rows with a text that may speak. `most`: cases that do.
    """
    wide = max(inside.stop for inside in places.values())
    query = np.zeros((1, wide), np.float32)
    query[:, places[_TEXT]] = words
    found = [one for one in ranker.nearest(query, most, annotated) if one.score >= _LEAST]
    pictures = {name: inside for name, inside in places.items() if name != _TEXT}
    if not found:
        sizes = {name: inside.stop - inside.start for name, inside in pictures.items()}
        return Spread({name: np.zeros((1, dim), np.float32) for name, dim in sizes.items()}, 0)
    counts = np.array([one.score for one in found], np.float32)
    matching = np.tensordot(counts / counts.sum(), ranker.vectors(found), axes=1)
    blocks = {name: _unit(matching[:, inside]) for name, inside in pictures.items()}
    return Spread(blocks, len(found))


def _unit(rows: FloatImage) -> FloatImage:
    """Rows scaled to length 1; zeros stay zeros."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > _NOTHING, lengths, 1), np.float32)
