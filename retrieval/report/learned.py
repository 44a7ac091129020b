"""What a trained model is worth, in figures: `report.json` of a training run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from models.measures import calibration, classification
from models.measures.classification import balanced_accuracy, macro_auc
from models.measures.intervals import Interval, Measure, interval
from models.measures.predictions import Predictions

if TYPE_CHECKING:
    from indexer.learn.classifier import Answers, Learned
    from indexer.learn.segmenter import SegmenterLearned

SCHEMA = 1


def classifier_figures(learned: "Learned") -> dict[str, Any]:
    """The figures of a classifier, as JSON.

    `systems`: the classifier and its floors, each with balanced accuracy and AUC and their 95 %
    intervals over patients. `within`: the same within each source that has two classes or more.
    """
    answers = learned.answers
    told = predictions_of(answers)
    systems = {"classifier": told} | {
        name: predictions_of(answers, found) for name, found in answers.floors.items()
    }
    return {
        "schema": SCHEMA,
        "model": str(learned.spec.name),
        "classes": list(answers.classes),
        "films": learned.counts,
        "remarks": list(learned.remarks),
        "test": classification.report(told).to_json(),
        "intervals": _intervals(told),
        "calibration": calibration.report(told).to_json(),
        "systems": {name: _figures(one) for name, one in systems.items()},
        "within": {
            source: {name: _figures(part) for name, part in parts.items()}
            for source, parts in within_sources(systems, answers.sources).items()
        },
        "history": list(learned.history),
    }


def predictions_of(answers: "Answers", found: np.ndarray | None = None) -> Predictions:
    """The answers, or those of a floor, as the measures take them."""
    probabilities = np.asarray(answers.probabilities if found is None else found, np.float64)
    return Predictions(
        classes=answers.classes,
        probabilities=probabilities / probabilities.sum(axis=1, keepdims=True),
        truth=np.asarray(answers.truth, np.intp),
        groups=answers.patients,
    )


def within_sources(
    systems: Mapping[str, Predictions], sources: tuple[str, ...]
) -> dict[str, dict[str, Predictions]]:
    """Each source's films alone, told apart between the classes that it has.

    A source with one class is left out: there is nothing to tell apart.
    """
    named = np.asarray(sources, dtype=str)
    found = {}
    for source in sorted(set(sources) - {""}):
        here = named == source
        any_of_them = next(iter(systems.values()))
        present = np.unique(any_of_them.truth[here])
        if len(present) < 2:
            continue
        classes = [any_of_them.classes[place] for place in present]
        found[source] = {name: one.where(here).between(*classes) for name, one in systems.items()}
    return found


_OF_CLASSES = {
    "precision": classification.precisions,
    "recall": classification.recalls,
    "f1": classification.f1_of_classes,
    "auc": classification.auc_of_classes,
}
_OVERALL = {
    "accuracy": classification.accuracy,
    "macro_precision": classification.macro_precision,
    "balanced_accuracy": classification.balanced_accuracy,
    "macro_f1": classification.macro_f1,
    "macro_auc": classification.macro_auc,
}


def _intervals(told: Predictions) -> dict[str, Any]:
    """Each class's figures and the overall ones, with their 95 % intervals over patients."""

    def of_class(measure: Measure, place: int) -> Measure:
        return lambda some, weights: measure(some, weights)[:, place]

    classes = [
        {
            "name": name,
            "films": int((told.truth == place).sum()),
            **{
                figure: interval(of_class(measure, place), told).to_json()
                for figure, measure in _OF_CLASSES.items()
            },
        }
        for place, name in enumerate(told.classes)
    ]
    overall = {name: interval(measure, told).to_json() for name, measure in _OVERALL.items()}
    return {"classes": classes, **overall}


def _figures(told: Predictions) -> dict[str, Any]:
    figures: dict[str, Interval] = {
        "balanced_accuracy": interval(balanced_accuracy, told),
        "auc": interval(macro_auc, told),
    }
    return {
        "films": len(told),
        "patients": len(set(told.groups)),
        "classes": list(told.classes),
        **{name: value.to_json() for name, value in figures.items()},
    }


def segmenter_figures(learned: "SegmenterLearned") -> dict[str, Any]:
    """The figures of a segmenter, as JSON: over all test films, and for each source."""
    groups = {"all": learned.fits}
    for source in sorted({fit.source for fit in learned.fits} - {""}):
        groups[source] = tuple(fit for fit in learned.fits if fit.source == source)
    worst = sorted(learned.fits, key=lambda fit: fit.dice)[:8]
    return {
        "schema": SCHEMA,
        "model": str(learned.spec.name),
        "region": learned.region,
        "size": learned.size,
        "films": learned.counts,
        "remarks": list(learned.remarks),
        "test": {
            name: {
                "films": len(fits),
                "dice": _spread([fit.dice for fit in fits]),
                "hausdorff_95_px": _spread([fit.hausdorff_px for fit in fits]),
            }
            for name, fits in groups.items()
        },
        "worst": [{"path": fit.key, "dice": round(fit.dice, 4)} for fit in worst],
        "history": list(learned.history),
    }


def _spread(values: list[float]) -> dict[str, float | None]:
    finite = np.array([value for value in values if np.isfinite(value)])
    if not finite.size:
        return {"mean": None, "median": None, "infinite": len(values)}
    return {
        "mean": float(finite.mean()),
        "median": float(np.median(finite)),
        "5th percentile": float(np.percentile(finite, 5)),
        "95th percentile": float(np.percentile(finite, 95)),
        "infinite": len(values) - finite.size,
    }
