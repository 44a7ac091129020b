"""Annotation text as a unit vector: TF-IDF, reduced to its main directions.

Salton and Buckley 1988 (sublinear term frequency, inverse document frequency, unit length) and
Deerwester 1990 (latent semantic analysis). Directions are divided by the root of their singular
value, so that frequent phrases do not drown rare ones. Finding a chest report's own findings by its
impression among 700 (Open-i, abnormal, impression of 40 characters or more), R@1: .341, as high as
TF-IDF without reduction (.343); 128 directions gave .301, words without pairs .309.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.descriptors.words import terms
from models.errors import CannotWrite

DIM = 256
MAX_TERMS = 16384
MAX_TEXTS = 20000
"""More terms (the rarest) or texts (evenly left out) than these are not learned from."""

_NOTHING = 1e-6
_OVERSAMPLING = 16
_ROUNDS = 4
_NUMBERS, _TERMS = "text.safetensors", "text.json"


@dataclass(frozen=True, slots=True)
class TextModel:
    """What was learned from an archive's texts.

    `vocabulary`: term -> row. `weights`: float32 (terms,), inverse document frequency.
    `directions`: float16 (terms, DIM), each term's share in the block, its weight included.
    """

    vocabulary: dict[str, int]
    weights: FloatImage
    directions: NDArray[np.float16]

    @property
    def dim(self) -> int:
        """How many numbers a text becomes."""
        return DIM

    def transform(self, texts: Sequence[str]) -> FloatImage:
        """float32 (n, DIM), rows of unit length; zeros for a text with no known term."""
        rows = np.zeros((len(texts), DIM), np.float32)
        for row, text in enumerate(texts):
            known, frequency = self._known(text)
            if known:
                rows[row] = frequency @ self.directions[known].astype(np.float32)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        np.divide(rows, lengths, out=rows, where=lengths > _NOTHING)
        return rows

    def shares(self, text: str, other: FloatImage) -> dict[str, float]:
        """What each known term of `text` gives to its inner product with another text's block.

        `other`: float32 (DIM,). A block is a sum over terms, scaled to unit length, so the shares
        sum to the product exactly (up to float32). Nothing for a text with no known term.
        """
        known, frequency = self._known(text)
        parts = frequency[:, None] * self.directions[known].astype(np.float32)
        length = float(np.linalg.norm(parts.sum(axis=0)))
        if length <= _NOTHING:
            return {}
        asked = set(known)
        names = {row: term for term, row in self.vocabulary.items() if row in asked}
        given = parts @ other / length
        return {names[row]: float(value) for row, value in zip(known, given, strict=True)}

    def matching_words(self, query: str, text: str, most: int = 8) -> tuple[str, ...]:
        """The terms that both texts hold, the rarest in the archive first, at most `most`.

        A word is not named again beside a pair that holds it; a term that the archive does not
        know, or that most of its texts hold, is not named.
        """
        there = set(terms(text))
        shared = {term for term in terms(query) if term in there and self._weight(term) > 0}
        order = sorted(shared, key=lambda term: (-self._weight(term), term))
        pairs = {word for term in shared for word in _parts(term)}
        return tuple(term for term in order if term not in pairs)[:most]

    def _known(self, text: str) -> tuple[list[int], FloatImage]:
        counts = Counter(self.vocabulary[t] for t in terms(text) if t in self.vocabulary)
        frequency = 1.0 + np.log(np.array(list(counts.values()), np.float32))
        return list(counts), frequency.astype(np.float32)

    def _weight(self, term: str) -> float:
        """Beyond that of a term which half of the texts hold; negative for an unknown one."""
        row = self.vocabulary.get(term)
        return -1.0 if row is None else float(self.weights[row]) - 1.0 - float(np.log(2.0))


def fit(texts: Sequence[str]) -> TextModel:
    """Learns vocabulary, weights and directions; the same texts give the same model.

    With fewer directions than DIM (few texts) the rest of a block is zeros.
    """
    count = min(len(texts), MAX_TEXTS)
    counted = [Counter(terms(texts[i * len(texts) // count])) for i in range(count)]
    holding = Counter(term for counts in counted for term in counts)
    kept = sorted(sorted(holding), key=lambda term: -holding[term])[:MAX_TERMS]
    vocabulary = {term: row for row, term in enumerate(sorted(kept))}
    frequency = np.array([holding[term] for term in vocabulary], np.float64)
    weights = np.log((1 + len(counted)) / (1 + frequency)) + 1
    directions = np.zeros((len(vocabulary), DIM), np.float16)
    if vocabulary:
        found = _directions(counted, vocabulary, weights)
        directions[:, : found.shape[1]] = found * weights[:, None]
    return TextModel(vocabulary, weights.astype(np.float32), directions)


def save(model: TextModel, folder: Path) -> None:
    """Writes the model as safetensors and JSON into `folder`. Raises `CannotWrite`."""
    from safetensors.numpy import save as to_bytes

    numbers = to_bytes({"weights": model.weights, "directions": model.directions})
    try:
        (folder / _NUMBERS).write_bytes(numbers)
        told = json.dumps({"schema": 1, "terms": list(model.vocabulary)}, ensure_ascii=False)
        (folder / _TERMS).write_text(told, encoding="utf-8")
    except OSError as error:
        raise CannotWrite(f"the vocabulary cannot be written in {folder}: {error}") from error


def load(folder: Path) -> TextModel:
    """What `save` wrote. Raises `OSError` or `ValueError` if it is not there or not whole."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        numbers = from_bytes((folder / _NUMBERS).read_bytes())
        listed = json.loads((folder / _TERMS).read_text(encoding="utf-8"))["terms"]
        weights, directions = numbers["weights"], numbers["directions"]
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"the vocabulary in {folder} is not what was written") from error
    if weights.shape != (len(listed),) or directions.shape != (len(listed), DIM):
        raise ValueError(f"the vocabulary in {folder} is not what was written")
    return TextModel({term: row for row, term in enumerate(listed)}, weights, directions)


def _parts(term: str) -> tuple[str, ...]:
    """The two halves of a pair; nothing for a word or a character."""
    if " " in term:
        return tuple(term.split(" "))
    return tuple(term) if len(term) == 2 and not term.isascii() else ()


def _directions(
    counted: Sequence[Counter[str]], vocabulary: dict[str, int], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Right singular vectors over the root of their singular value: (terms, at most DIM).

    By random projection (Halko, Martinsson and Tropp 2011) with a fixed seed; the sign of each is
    such that its largest entry is positive.
    """
    table = _table(counted, vocabulary, weights)
    width = min(DIM + _OVERSAMPLING, *table.shape)
    start = np.random.default_rng(0).standard_normal((table.shape[1], width))
    texts = np.linalg.qr(table @ start)[0]
    for _ in range(_ROUNDS):
        texts = np.linalg.qr(table @ (table.T @ texts))[0]
    base = np.linalg.qr(table.T @ texts)[0]
    _, strength, turned = np.linalg.svd(table @ base, full_matrices=False)
    kept = strength[:DIM] > 1e-6 * strength[0]
    vectors = base @ turned[:DIM][kept].T
    largest = np.abs(vectors).argmax(axis=0)
    signs = np.sign(vectors[largest, np.arange(vectors.shape[1])])
    return np.asarray(vectors * signs / np.sqrt(strength[:DIM][kept]))


def _table(
    counted: Sequence[Counter[str]], vocabulary: dict[str, int], weights: NDArray[np.float64]
) -> Any:
    """TF-IDF, rows of unit length: a SciPy sparse matrix, (texts, terms)."""
    from scipy import sparse

    starts, columns, values = [0], [], []
    for counts in counted:
        known = [(vocabulary[term], n) for term, n in counts.items() if term in vocabulary]
        column = np.array([row for row, _ in known], np.int64)
        value = (1 + np.log([n for _, n in known])) * weights[column]
        columns.append(column)
        values.append(value / max(float(np.linalg.norm(value)), 1e-12))
        starts.append(starts[-1] + len(known))
    parts = (np.concatenate(values), np.concatenate(columns), starts)
    return sparse.csr_matrix(parts, (len(counted), len(vocabulary)))
