"""How often the right class is named, and how well the classes are told apart.

Sokolova and Lapalme 2009 for precision, recall and F1 (macro: the mean over classes; micro: over
films, which with one label a film is the accuracy).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.measures import weighted
from models.measures.predictions import Numbers, Predictions, once, plain
from models.measures.weighted import mean_known, share


def accuracy(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The share of films whose most probable class is the true one: (resamples,)."""
    counted = once(predictions) if weights is None else weights
    return share(counted @ predictions.right, counted.sum(axis=1))


def balanced_accuracy(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The mean recall over the classes that the sample has: (resamples,)."""
    return mean_known(recalls(predictions, weights), axis=1)


def recalls(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The share of each class's films that are named so: (resamples, C)."""
    counted = once(predictions) if weights is None else weights
    own = predictions.truth[:, None] == np.arange(len(predictions.classes))
    return share(counted @ (own & predictions.right[:, None]), counted @ own)


def precisions(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """Of the films that are named each class, the share that is right: (resamples, C)."""
    counted = once(predictions) if weights is None else weights
    named = predictions.chosen[:, None] == np.arange(len(predictions.classes))
    return share(counted @ (named & predictions.right[:, None]), counted @ named)


def f1_of_classes(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """Twice the right ones over those that are or are named each class: (resamples, C)."""
    counted = once(predictions) if weights is None else weights
    places = np.arange(len(predictions.classes))
    own, named = predictions.truth[:, None] == places, predictions.chosen[:, None] == places
    return share(2 * (counted @ (own & named)), counted @ own + counted @ named)


def macro_f1(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The mean of the classes' F1: (resamples,)."""
    return mean_known(f1_of_classes(predictions, weights), axis=1)


def macro_precision(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The mean of the classes' precisions: (resamples,)."""
    return mean_known(precisions(predictions, weights), axis=1)


def auc_of_classes(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The AUC of each class against all others: (resamples, C)."""
    counted = once(predictions) if weights is None else weights
    columns = [
        weighted.auc(predictions.probabilities[:, at], predictions.truth == at, counted)
        for at in range(len(predictions.classes))
    ]
    return np.stack(columns, axis=1)


def macro_auc(predictions: Predictions, weights: Numbers | None = None) -> Numbers:
    """The mean of the classes' AUCs, one against the rest: (resamples,)."""
    return mean_known(auc_of_classes(predictions, weights), axis=1)


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class: how many films it has (`support`), and how it is found. NaN: cannot be told."""

    name: str
    support: int
    precision: float
    recall: float
    f1: float
    auc: float


@dataclass(frozen=True, slots=True)
class Classification:
    """The whole report. `confusion[i][j]`: films of class i that were called class j."""

    classes: tuple[ClassReport, ...]
    confusion: tuple[tuple[int, ...], ...]
    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    macro_precision: float
    micro_f1: float
    macro_auc: float

    def to_json(self) -> dict[str, Any]:
        """As JSON has it: null where a number cannot be told."""
        told = asdict(self)
        told["classes"] = [
            {
                name: plain(value) if isinstance(value, float) else value
                for name, value in one.items()
            }
            for one in told["classes"]
        ]
        told["confusion"] = [list(row) for row in self.confusion]
        return {
            name: plain(value) if isinstance(value, float) else value
            for name, value in told.items()
        }


def report(predictions: Predictions) -> Classification:
    """Everything that a confusion matrix and the probabilities tell, every film counting once."""
    count = len(predictions.classes)
    confusion = np.zeros((count, count), np.int64)
    np.add.at(confusion, (predictions.truth, predictions.chosen), 1)
    hit = np.diag(confusion).astype(np.float64)
    precision = share(hit, confusion.sum(axis=0).astype(np.float64))
    support = confusion.sum(axis=1)
    f1 = share(2 * hit, (support + confusion.sum(axis=0)).astype(np.float64))
    areas = auc_of_classes(predictions)[0]
    recall = recalls(predictions)[0]
    classes = tuple(
        ClassReport(
            name, int(support[at]), *map(float, (precision[at], recall[at], f1[at], areas[at]))
        )
        for at, name in enumerate(predictions.classes)
    )
    right = float(accuracy(predictions)[0])
    return Classification(
        classes=classes,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        accuracy=right,
        balanced_accuracy=float(balanced_accuracy(predictions)[0]),
        macro_f1=float(mean_known(f1, axis=0)),
        macro_precision=float(mean_known(precision, axis=0)),
        micro_f1=right,
        macro_auc=float(mean_known(areas, axis=0)),
    )
