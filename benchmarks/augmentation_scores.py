"""How well a linear head does on the query films, and how sure that is.

Weighted, so that a bootstrap over patients is a product of matrices and not a loop over films.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask

RESAMPLES = 1000
_PARTS = 256  # principal components, at most; as of `indexer.learn.floors`
SHRINKAGES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
_FOLDS = 4
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Learn:
    """What a head is fitted on. `groups`: those that the inner folds keep together.

    `own`: how many rows at the beginning are original films; the others were made.
    """

    vectors: FloatImage
    labels: NDArray[np.str_]
    groups: NDArray[np.str_]
    own: int


def source_of(patient: str) -> str:
    """Where a patient of the chest films is from, by his id."""
    return "NIH" if patient.startswith("NIH") else "NLM"


def chosen_circles(
    circle: NDArray[np.str_], labels: NDArray[np.str_], share: float, draw: int
) -> set[str]:
    """Circles with about that share of each class's patients; larger shares hold smaller ones.

    `circle`, `labels`: of the films that are learned from.
    """
    label_of = dict(zip(circle.tolist(), labels.tolist(), strict=True))
    rng = np.random.default_rng(draw)
    chosen: set[str] = set()
    for label in sorted(set(label_of.values()) - {""}):
        names = sorted(name for name, own in label_of.items() if own == label)
        order = rng.permutation(len(names))
        # Two at least, or the shrinkage could not be chosen by folds.
        chosen |= {names[place] for place in order[: max(2, round(share * len(names)))]}
    return chosen


def probabilities(told: Learn, asked: FloatImage, classes: Sequence[str]) -> Doubles:
    """(m, classes) of the films `asked`, by shrunk linear discriminant analysis.

    The principal components are those of the original films, whatever was made of them: what is
    compared is the head. Its shrinkage is chosen on the films learned from, by folds over groups,
    on original films only.
    """
    from sklearn.decomposition import PCA

    parts = min(_PARTS, told.own - 1)
    reduce = PCA(parts, whiten=True, random_state=0).fit(told.vectors[: told.own])
    seen, others = reduce.transform(told.vectors), reduce.transform(asked)
    best = _best_shrinkage(seen, told, classes)
    return _fitted(seen, told.labels, others, best, classes)


def _best_shrinkage(seen: Doubles, told: Learn, classes: Sequence[str]) -> float:
    from sklearn.model_selection import StratifiedGroupKFold

    own = np.arange(told.own)
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=0)
    losses = dict.fromkeys(SHRINKAGES, 0.0)
    truth = np.searchsorted(classes, told.labels)
    for _, checked in folds.split(own, told.labels[own], told.groups[own]):
        rest = ~np.isin(told.groups, told.groups[checked])
        for shrinkage in SHRINKAGES:
            found = _fitted(seen[rest], told.labels[rest], seen[checked], shrinkage, classes)
            chosen = found[np.arange(len(checked)), truth[checked]]
            losses[shrinkage] -= float(np.log(np.maximum(chosen, 1e-6)).sum())
    return min(losses, key=lambda shrinkage: losses[shrinkage])


def _fitted(
    seen: Doubles,
    labels: NDArray[np.str_],
    asked: Doubles,
    shrinkage: float,
    classes: Sequence[str],
) -> Doubles:
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    # Equal priors: a way that makes more of one class must not gain by the shares alone.
    present = len(np.unique(labels))
    priors = np.full(present, 1 / present)
    head = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=priors)
    head.fit(seen, labels)
    found = np.zeros((len(asked), len(classes)))
    found[:, np.searchsorted(classes, head.classes_)] = head.predict_proba(asked)
    return found


@dataclass(frozen=True, slots=True)
class Asked:
    """The query films. `source`: of each, where it is from. `weights`: (resamples + 1, m): how
    often a film counts; the first row is 1 throughout.
    """

    labels: NDArray[np.str_]
    source: NDArray[np.str_]
    weights: Doubles
    classes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        labels: NDArray[np.str_],
        source: NDArray[np.str_],
        patients: Sequence[str],
        classes: tuple[str, ...],
        resamples: int,
    ) -> "Asked":
        """With patients drawn again and again, all films of one together."""
        owner = np.unique(np.asarray(patients), return_inverse=True)[1]
        count = int(owner.max()) + 1
        rng = np.random.default_rng(0)
        drawn = rng.multinomial(count, np.full(count, 1 / count), resamples)
        whole = np.concatenate([np.ones((1, count), drawn.dtype), drawn])
        return cls(labels, source, whole[:, owner].astype(np.float64), classes)


def scores(found: Doubles, asked: Asked) -> Mapping[str, Doubles]:
    """Each measure, (resamples + 1,): first as it is, then of every resample.

    Within a source, its two classes are told apart by their shares of the probability.
    """
    columns = {name: found[:, place] for place, name in enumerate(asked.classes)}
    areas = [_auc(columns[name], asked.labels == name, asked.weights) for name in asked.classes]
    right = np.array(asked.classes)[found.argmax(axis=1)] == asked.labels
    recalls = [_share(right, asked.labels == name, asked.weights) for name in asked.classes]
    told = {
        "AUC": np.mean(areas, axis=0),
        "balanced accuracy": np.mean(recalls, axis=0),
    }
    for source in sorted(set(asked.source.tolist())):
        there = asked.source == source
        classes = sorted(set(asked.labels[there].tolist()) & set(asked.classes))
        if len(classes) == 2:
            ill, well = columns[classes[1]], columns[classes[0]]
            share = ill / np.maximum(ill + well, 1e-12)
            told[f"AUC within {source}"] = _auc(
                share[there], asked.labels[there] == classes[1], asked.weights[:, there]
            )
    return told


def _auc(score: Doubles, positive: Mask, weights: Doubles) -> Doubles:
    """The area under the ROC curve (r,) for each row of `weights` (r, m); ties count half."""
    above = score[positive][:, None] - score[~positive][None, :]
    won = (above > 0) + 0.5 * (above == 0)
    ours, theirs = weights[:, positive], weights[:, ~positive]
    pairs = ours.sum(axis=1) * theirs.sum(axis=1)
    return np.asarray(((ours @ won) * theirs).sum(axis=1) / np.maximum(pairs, 1e-12))


def _share(right: Mask, chosen: Mask, weights: Doubles) -> Doubles:
    inside = weights[:, chosen]
    return np.asarray(inside @ right[chosen] / np.maximum(inside.sum(axis=1), 1e-12))


def interval(values: Doubles, rng: np.random.Generator) -> tuple[float, float, float]:
    """The mean, and 95 % from resamples of patients and of draws: values are (draws, r + 1)."""
    draws, resamples = values.shape[0], values.shape[1] - 1
    chosen = rng.integers(0, draws, (resamples, draws))
    means = values[chosen, np.arange(1, resamples + 1)[:, None]].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(values[:, 0].mean()), float(low), float(high)
