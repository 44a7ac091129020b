"""Which labels of an archive are likely wrong: those that nothing else in the archive supports.

Confident learning (Northcutt, Jiang and Chuang 2021): a case is doubted if the probability of its
own label, from others, is below what cases of that label usually have, and that of another label is
not. Here two views have to agree: a linear discriminant that has not seen the patient, and the
nearest cases of other patients, every one of which has another label.
"""

from dataclasses import dataclass

import numpy as np

from models.arrays import FloatImage, Mask
from models.heads.leave_out import Indices
from models.heads.shrunk_lda import ShrunkLda

ALL_OF = 7
"""Nearest cases of other patients, none of which has the label of a doubted case."""

VOTERS = 30
FOLDS = 5
SHRINKAGE = 0.5
FEWEST = 40
"""Labelled cases, of which every label has at least `FOLDS` patients; fewer say too little."""

_SOFTNESS = 0.02  # of a cosine; a neighbour that is this much farther has a third of the weight
_PRIOR = 0.5


@dataclass(frozen=True, slots=True)
class Doubts:
    """Of n cases. `doubt`: float32 (n,), 1 less the probability of its own label, from others.

    `doubted`: bool (n,). `instead`: (n,), the label that is most likely from others.
    """

    doubt: FloatImage
    doubted: Mask
    instead: Indices


def doubts(vectors: FloatImage, labels: Indices, patients: Indices, near: Indices) -> Doubts:
    """Which labels the other patients' cases speak against.

    `vectors`: float32 (n, dim), blocks of unit length side by side. `labels`: (n,), from 0 without
    a gap. `patients`: (n,), from 0. `near`: (n, k), the nearest cases of other patients, best
    first; -1 where there are no more.
    """
    rows = np.arange(len(labels))
    apart = _out_of_fold(vectors, labels, patients)
    both = (apart + _voted(vectors, labels, near)) / 2
    own = apart[rows, labels]
    usual = np.array([own[labels == code].mean() for code in range(apart.shape[1])])
    confident = (own < usual[labels]) & (apart >= usual).any(axis=1)
    first = near[:, :ALL_OF]
    alone = ((labels[first] != labels[:, None]) & (first >= 0)).sum(axis=1) == ALL_OF
    others = both.copy()
    others[rows, labels] = -1.0
    return Doubts(
        doubt=np.asarray(1 - both[rows, labels], np.float32),
        doubted=confident & alone,
        instead=others.argmax(axis=1),
    )


def enough(labels: Indices, patients: Indices) -> bool:
    """Whether there are cases enough to doubt any of them."""
    if len(labels) < FEWEST or labels.max() < 1:
        return False
    kinds = range(int(labels.max()) + 1)
    return min(len(np.unique(patients[labels == code])) for code in kinds) >= FOLDS


def _out_of_fold(vectors: FloatImage, labels: Indices, patients: Indices) -> FloatImage:
    """Each label's probability, float32 (n, labels), by an LDA that has not seen the patient."""
    found = np.zeros((len(labels), int(labels.max()) + 1), np.float32)
    fold = _folds(labels, patients)
    for number in range(FOLDS):
        out = fold == number
        lda = ShrunkLda.fit(vectors[~out], labels[~out], SHRINKAGE, prior=True)
        found[out] = lda.probabilities(vectors[out])
    return found


def _folds(labels: Indices, patients: Indices) -> Indices:
    """Each case's fold: whole patients, those of each label spread over all folds."""
    first = np.unique(patients, return_index=True)[1]
    order = np.random.default_rng(0).permutation(len(first))
    order = order[np.argsort(labels[first][order], kind="stable")]
    fold = np.empty(len(first), np.intp)
    fold[order] = np.arange(len(first)) % FOLDS
    return fold[patients]


def _voted(vectors: FloatImage, labels: Indices, near: Indices) -> FloatImage:
    """Each label's share among the nearest `VOTERS`, near ones counting more."""
    near = near[:, :VOTERS]
    alike = np.stack([(vectors[near[:, at]] * vectors).sum(axis=1) for at in range(near.shape[1])])
    weights = np.exp((alike - alike.max(axis=0)).T / (3 * _SOFTNESS))  # three blocks
    weights[near < 0] = 0.0
    kinds = int(labels.max()) + 1
    shares = np.bincount(labels, minlength=kinds) / len(labels)
    votes = [(weights * (labels[near] == code)).sum(axis=1) for code in range(kinds)]
    found = np.stack(votes, axis=1) + _PRIOR * shares
    return np.asarray(found / found.sum(axis=1, keepdims=True), np.float32)
