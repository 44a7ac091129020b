"""What a form of a model is worth: its size, its speed, how right it is, and what it finds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.compress.contract import Form, Measured
from models.heads.leave_out import Indices, codes, patients_of
from models.measures.classification import balanced_accuracy, macro_auc
from models.measures.predictions import Predictions
from models.measures.retrieval import Asked, precision
from models.measures.segmentation import dice
from models.measures.speed import costs
from models.runtime.onnx_file import parameters
from models.runtime.registry import RUNNERS
from models.table import load
from models.training.films import Films

AT_ONCE = 32
ROUNDS = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """The films that a form is measured on, of the size that it takes.

    `asked`: rows that measure; `archive`: rows of other patients, in which they search.
    """

    films: Films
    asked: Indices
    archive: Indices


def measured(forms: Mapping[str, tuple[Form, Shown]], rounds: int = ROUNDS) -> dict[str, Measured]:
    """Every form, by its name. Their speed is taken in turns, a picture at a time, one thread."""
    runners = {name: runner(form) for name, (form, _) in forms.items()}
    calls = {name: _call(runners[name], form, shown) for name, (form, shown) in forms.items()}
    spent = costs(calls, rounds)
    return {
        name: Measured(
            mib=len(form.onnx) / 2**20,
            parameters=parameters(form.onnx),
            cost=spent[name],
            right=_RIGHT[form.spec.kind](runners[name], form, shown),
        )
        for name, (form, shown) in forms.items()
    }


def runner(form: Form) -> Any:
    """What runs it, on one thread. Raises `ModelUnusable` if it is not what its spec says."""
    return load(RUNNERS, form.spec.kind, "kind of model")(form.spec, form.onnx, threads=1)


def _call(model: Any, form: Form, shown: Shown) -> Callable[[], object]:
    picture = shown.films.shown(shown.asked[:1], form.spec.channels)
    ask: Callable[[ByteImage], object] = getattr(model, _ASKED[form.spec.kind])
    return lambda: ask(picture)


_ASKED: Mapping[str, str] = MappingProxyType(
    {"classifier": "classify", "encoder": "encode", "segmenter": "probabilities"}
)


def _classified(model: Any, form: Form, shown: Shown) -> dict[str, float]:
    told = [model.classify(batch) for batch in _batches(form, shown, shown.asked)]
    probabilities = np.concatenate([found for found, _ in told])
    asked = np.concatenate([embedding for _, embedding in told])
    known = [model.classify(batch)[1] for batch in _batches(form, shown, shown.archive)]
    predictions = Predictions(
        classes=shown.films.classes,
        probabilities=np.asarray(probabilities, np.float64),
        truth=shown.films.labels[shown.asked],
        groups=tuple(shown.films.patients[row] for row in shown.asked),
    )
    return {
        "balanced accuracy": float(balanced_accuracy(predictions)[0]),
        "AUC": float(macro_auc(predictions)[0]),
        **_found(shown, asked, np.concatenate(known)),
    }


def _encoded(model: Any, form: Form, shown: Shown) -> dict[str, float]:
    asked, known = (
        np.concatenate([model.encode(batch) for batch in _batches(form, shown, rows)])
        for rows in (shown.asked, shown.archive)
    )
    return _found(shown, asked, known)


def _segmented(model: Any, form: Form, shown: Shown) -> dict[str, float]:
    masks = shown.films.masks
    assert masks is not None
    found = np.concatenate(
        [model.probabilities(batch)[:, 0] for batch in _batches(form, shown, shown.asked)]
    )
    fits = [
        dice(np.asarray(mask > 0.5), np.asarray(masks[row] > 127))
        for row, mask in zip(shown.asked, found, strict=True)
    ]
    return {"Dice": float(np.mean(fits))}


_RIGHT: Mapping[str, Callable[[Any, Form, Shown], dict[str, float]]] = MappingProxyType(
    {"classifier": _classified, "encoder": _encoded, "segmenter": _segmented}
)


def _batches(form: Form, shown: Shown, rows: Indices) -> Iterator[ByteImage]:
    for start in range(0, len(rows), AT_ONCE):
        yield shown.films.shown(rows[start : start + AT_ONCE], form.spec.channels)


def _found(shown: Shown, asked: FloatImage, known: FloatImage) -> dict[str, float]:
    """How well the embeddings of the films that ask find films of the same label."""
    patients = codes(patients_of(shown.films.patients))
    labels = shown.films.labels
    reached = precision(
        Asked(asked, labels[shown.asked], patients[shown.asked]),
        Asked(known, labels[shown.archive], patients[shown.archive]),
    )
    return {"P@1": reached.at_1, "P@5": reached.at_5, "mAP": reached.mean_average}
