"""Approximate search: candidates from compact codes in memory, compared exactly with the vectors.

A query's weights are read off the lengths of its blocks. What was measured when the index was built
(`indexer.calibrate`) says for weights like these into how many lists to look and how many
candidates to take; or that only comparing with everything keeps the recall.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import numpy as np

from indexer.half import HalfVectors, mask_selector
from indexer.lists import Lists, Rows
from models.arrays import FloatImage, Mask

ANY = "any"
"""The recipe for weights that are like none of those that were measured by themselves."""

_ALIKE = 0.985
"""Cosine of two weightings from which on they are alike."""

_TENTH = 0.1
_DEEPER = 4
_NEARLY_ALL = 0.99


@dataclass(frozen=True, slots=True)
class Look:
    """Into how many lists of one part to look, and how many candidates to take."""

    part: str
    probes: int
    depth: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to do for some weights. `looks`: none means to compare with everything.

    `recall`: of 10, as measured on the archive's own vectors. `filtered`: how many times the lists
    a filter that lets a tenth through needs.
    """

    name: str
    weights: Mapping[str, float]
    looks: tuple[Look, ...]
    recall: float
    filtered: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` takes back."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        looks = tuple(Look(**look) for look in told["looks"])
        return cls(**{**told, "looks": looks})


@dataclass(frozen=True)
class Approximate:
    """Parts over the rows of `vectors`. `blocks`: the columns of each. `recipes`: as measured."""

    vectors: HalfVectors
    blocks: Mapping[str, slice]
    parts: Mapping[str, Lists]
    recipes: Sequence[Recipe] = field(default=())

    def recipe(self, query: FloatImage) -> Recipe | None:
        """What to do for a weighted query (instances, dim); None: compare with everything."""
        lengths = [
            np.linalg.norm(query[:, inside], axis=1).mean() for inside in self.blocks.values()
        ]
        asked = np.array(lengths) / max(float(np.linalg.norm(lengths)), 1e-30)
        best, alike = None, _ALIKE
        for recipe in self.recipes:
            own = np.array([recipe.weights.get(name, 0.0) for name in self.blocks])
            cosine = float(asked @ own) / max(float(np.linalg.norm(own)), 1e-30)
            if recipe.name != ANY and cosine >= alike:
                best, alike = recipe, cosine
        if best is None:
            best = next((recipe for recipe in self.recipes if recipe.name == ANY), None)
        return best if best is not None and best.looks else None

    def found(
        self, query: FloatImage, depth: int, allowed: Mask, recipe: Recipe
    ) -> tuple[FloatImage, Rows]:
        """The likely nearest rows in `allowed` (bool, rows): the lowest score, and the rows.

        For each query instance the lowest exact score of its `depth` best, float32 (instances,);
        together their rows, int64 (n,), each once.
        """
        share = float(np.count_nonzero(allowed)) / max(1, allowed.size)
        selector, bits = (None, None) if share == 1 else mask_selector(allowed)
        rows = [
            self._look(query, look, _Wanted(depth, share, allowed, recipe.filtered), selector)
            for look in recipe.looks
        ]
        del bits  # it had to live as long as the selector
        candidates = np.concatenate(rows, axis=1)
        lowest, best = np.empty(len(query), np.float32), []
        for at, each in enumerate(candidates):
            own = np.unique(each[each >= 0])
            scores = self.vectors.alike(query[at : at + 1], own)[0]
            if len(own) > depth:
                first = np.argpartition(-scores, depth - 1)[:depth]
                own, scores = own[first], scores[first]
            lowest[at] = scores.min() if len(own) else -np.inf
            best.append(own)
        return lowest, np.unique(np.concatenate(best))

    def _look(self, query: FloatImage, look: Look, wanted: "_Wanted", selector: Any | None) -> Rows:
        part = self.parts[look.part]
        probes = wanted.probes(look.probes)
        deep = max(look.depth, _DEEPER * wanted.depth)
        if wanted.share < _NEARLY_ALL:
            probes = self._enough(part, query, probes, wanted)
        return part.nearest(query, probes, deep, selector)

    def _enough(self, part: Lists, query: FloatImage, probes: int, wanted: "_Wanted") -> int:
        """So many lists that there are about as many allowed rows in them as by chance.

        A filter may leave out just what is near: then one has to look further.
        """
        least = wanted.share * probes * self.vectors.ntotal / part.count / 2
        while probes < part.count:
            held = part.rows_in(part.nearest_lists(query[:1], probes))
            if np.count_nonzero(wanted.allowed[held]) >= least:
                return probes
            probes *= 2
        return part.count


@dataclass(frozen=True, slots=True)
class _Wanted:
    """`depth`: rows. `share`: of the rows that are allowed. `filtered`: see `Recipe`."""

    depth: int
    share: float
    allowed: Mask
    filtered: float

    def probes(self, unfiltered: int) -> int:
        """How many lists to look into: more where fewer rows count."""
        if self.share >= 1:
            return unfiltered
        power = np.log(max(self.share, 1e-9)) / np.log(_TENTH)
        return int(np.ceil(unfiltered * self.filtered**power))
