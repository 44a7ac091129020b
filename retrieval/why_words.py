"""The words that matched: what each gave to the text's part of a score, exactly.

A text's block is linear in its terms (before it is scaled to unit length), so its inner product
with a hit's block is a sum over the asked terms. Terms that the hit's own text does not hold give
something too: the block's directions join terms that the archive uses together.
"""

from dataclasses import dataclass

from models.arrays import FloatImage
from models.descriptors.text import TextModel
from models.descriptors.words import terms

_MOST = 8
"""Words that are named of one hit; what the others gave is counted among `others`."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word or a pair that query and hit both have, and what it gave to the hit's score."""

    term: str
    gave: float


@dataclass(frozen=True, slots=True)
class Words:
    """`matched`: the rarest in the archive first. `others`: what all other asked terms gave, those
    that nearly every text holds among them; `matched` and `others` sum to the text's contribution.
    """

    matched: tuple[Word, ...] = ()
    others: float = 0.0


def words_of(
    model: TextModel, asked: str, findings: str, block: FloatImage, weight: float
) -> Words:
    """What the terms of `asked` gave to a hit with these findings.

    `block`: the hit's own text block, float32 (dim,). `weight`: of the text in this query.
    """
    shares = model.shares(asked, block)
    if weight == 0 or not block.any() or not shares:
        return Words()
    named = model.matching_words(asked, findings, _MOST)
    gave = dict.fromkeys(named, 0.0)
    others = 0.0
    for term, share in shares.items():
        holders = [one for one in named if term == one or term in _inside(one)]
        for one in holders:  # a word that two pairs hold is half of each
            gave[one] += weight * share / len(holders)
        others += 0.0 if holders else weight * share
    return Words(tuple(Word(term, value) for term, value in gave.items()), others)


def _inside(term: str) -> set[str]:
    """The terms that stand inside a pair."""
    return set(terms(term)) - {term}
