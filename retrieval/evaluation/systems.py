"""What answers: the index with its learned weights, each descriptor alone, and the floors.

Each gives the archive's cases in an order, best first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import cv2
import numpy as np

from models.arrays import FloatImage, Mask
from models.heads.likeness import BLOCK as LEARNED
from models.heads.likeness import Likeness
from retrieval.aggregation import Aggregation
from retrieval.evaluation.questions import Question
from retrieval.ranking import LATE, CaseRanker, Rows
from retrieval.weighing import scaled

RAW_PX = 32


class System(Protocol):
    """What `retrieval.evaluation.run` asks of one."""

    def order(self, question: Question, allowed: Mask) -> Rows:
        """The cases with a row in `allowed` (bool, the archive's rows), best first."""
        ...


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted on an archive. `weights`: of the blocks, the learned one among them.

    `rows`: what `taught` says of the archive's rows, float32 (rows, C), where that is not what
    stands in the index.
    """

    weights: Mapping[str, float]
    taught: Likeness | None = None
    rows: FloatImage | None = None

    def untaught(self) -> "Fitted":
        """The same without what labels taught."""
        return Fitted({name: own for name, own in self.weights.items() if name != LEARNED})


@dataclass(frozen=True, slots=True)
class Weighted:
    """The index's own search.

    `dims`: of the searched blocks, in their order. `folds`: what was fitted for each fold of the
    patients. `fold_of`: of cases by their ids; those that are not named are of the first. `how`:
    cases of several pictures are ranked.
    """

    ranker: CaseRanker
    dims: Mapping[str, int]
    folds: Sequence[Fitted]
    fold_of: Mapping[str, int] = field(default_factory=dict)
    how: Aggregation = LATE

    def order(self, question: Question, allowed: Mask) -> Rows:
        """By the weighted sum of what the blocks say; as `retrieval.search` ranks."""
        return self.scores(question, allowed)[0]

    def scores(self, question: Question, allowed: Mask) -> tuple[Rows, FloatImage]:
        """The cases in that order, int64 (n,), and their scores, float32 (n,)."""
        found = self._blocks(question)
        if found is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        rows = self.fitted(question).rows
        beside = None if rows is None else (found[LEARNED], rows)
        vector = self._side_by_side(found, question)
        return self.ranker.scores(vector, allowed, beside, self.how)

    def vector(self, question: Question) -> FloatImage | None:
        """What is searched for: float32 (pictures, dim); None without any of the blocks."""
        found = self._blocks(question)
        return None if found is None else self._side_by_side(found, question)

    def fitted(self, question: Question) -> Fitted:
        """What was fitted without whoever asks."""
        return self.folds[self.fold_of.get(question.case_id, 0)]

    def _blocks(self, question: Question) -> dict[str, FloatImage] | None:
        """Each block times its weight."""
        told = self.asking(question)
        if told is None:
            return None
        blocks, shares = told
        return {
            name: np.asarray(np.float32(shares[name]) * block, np.float32)
            for name, block in blocks.items()
        }

    def asking(self, question: Question) -> tuple[dict[str, FloatImage], dict[str, float]] | None:
        """The blocks of a question and their weights, sum 1; None without any of the blocks."""
        fitted = self.fitted(question)
        blocks = dict(question.blocks)
        if fitted.taught is not None:
            blocks[LEARNED] = fitted.taught.block(blocks)
        weights = {name: fitted.weights.get(name, 0.0) for name in blocks}
        if not any(weights[name] and block.any() for name, block in blocks.items()):
            return None
        return blocks, scaled(weights, blocks)

    def _side_by_side(self, blocks: Mapping[str, FloatImage], question: Question) -> FloatImage:
        beside = self.fitted(question).rows is not None
        count = len(next(iter(blocks.values())))
        parts = [
            np.zeros((count, dim), np.float32)
            if name not in blocks or (beside and name == LEARNED)
            else blocks[name]
            for name, dim in self.dims.items()
        ]
        return np.asarray(np.hstack(parts), np.float32)


@dataclass(frozen=True, slots=True)
class Pixels:
    """Raw pixels: 32 x 32 grey levels of the previews, mean 0, compared by their cosine.

    `archive`: float32 (cases, 1024). `asked`: case id -> float32 (1024,).
    """

    archive: FloatImage
    asked: Mapping[str, FloatImage]
    case_of_row: Rows

    def order(self, question: Question, allowed: Mask) -> Rows:
        """By the cosine of the middle pictures."""
        cases = np.unique(self.case_of_row[allowed])
        alike = self.archive[cases] @ self.asked[question.case_id]
        return cases[np.argsort(-alike, kind="stable")]


@dataclass(frozen=True, slots=True)
class Shuffled:
    """A random order, another one for each question; the same in every run."""

    case_of_row: Rows
    seed: int = 0

    def order(self, question: Question, allowed: Mask) -> Rows:
        """Whatever was asked."""
        name = np.frombuffer(question.case_id.encode("utf-8", "surrogateescape"), np.uint8)
        random = np.random.default_rng([self.seed, *name.tolist()])
        return random.permutation(np.unique(self.case_of_row[allowed]))


@dataclass(frozen=True, slots=True)
class Constant:
    """The archive's most frequent label first, whatever was asked. `rank`: each case's label's.

    Frequent in the whole archive: without the case that asks, its own label would be rarer.
    """

    case_of_row: Rows
    rank: Rows

    @classmethod
    def of(cls, case_of_row: Rows, labels: Sequence[str]) -> Self:
        """`labels`: each case's; empty without one."""
        counts = Counter(filter(None, labels))
        rank = {name: at for at, (name, _) in enumerate(counts.most_common())}
        return cls(case_of_row, np.array([rank.get(one, len(rank)) for one in labels], np.int64))

    def order(self, question: Question, allowed: Mask) -> Rows:
        """Of equal labels in the archive's order."""
        cases = np.unique(self.case_of_row[allowed])
        return cases[np.argsort(self.rank[cases], kind="stable")]


def thumbnails(previews: Sequence[bytes]) -> FloatImage:
    """The raw pixels of some JPEGs: float32 (n, 1024), rows of mean 0 and length 1, or zeros."""
    rows = np.zeros((len(previews), RAW_PX * RAW_PX), np.float32)
    for row, data in zip(rows, previews, strict=True):
        film = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE) if data else None
        if film is None:
            continue
        small = cv2.resize(film, (RAW_PX, RAW_PX), interpolation=cv2.INTER_AREA).ravel()
        row[:] = small - small.mean()
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))
