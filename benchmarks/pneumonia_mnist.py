"""PneumoniaMNIST, official split, beside the published ResNet-18.

    python -m benchmarks.pneumonia_mnist --data medmnist [--encoder NAME ...] [--json FILE]

The official training and validation films (4,708 and 524 of 28 x 28 pixels) are the archive,
written as PNG files and indexed as a user indexes them; nothing is chosen on the 624 test films.
MedMNIST names no patients, and has several films of some. So cross-validation on the archive
flatters itself: what it says of its own sureness has to be read beside the test films' figures.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.asked import Asked, ask, indexed, predictions, sets
from benchmarks.figures import Figure, Limit, machine, table
from benchmarks.medmnist import written
from models.encoders import DEFAULT
from models.measures import calibration, classification
from models.measures.coverage import coverage
from models.measures.intervals import interval
from models.measures.predictions import Predictions
from retrieval.search import Engine

SET = "pneumoniamnist"
RESNET18 = {"accuracy": 0.854, "AUC": 0.944}
"""At 28 pixels (Yang et al. 2023, MedMNIST v2)."""


def measured(
    encoder: str, said: Predictions, asked: Sequence[Asked], told: Sequence[Sequence[str]]
) -> list[Figure]:
    """The figures of one encoder; `told`: each film's set."""
    found = {
        "accuracy": interval(classification.accuracy, said),
        "AUC": interval(classification.macro_auc, said),
    }
    rows = []
    for name, figure in found.items():
        limit = Limit(RESNET18[name], True)
        rows.append(Figure(encoder, name, figure.value, "", limit))
        rows += [
            Figure(encoder, f"{name}, {side} end of its interval", value, "")
            for side, value in (("low", figure.low), ("high", figure.high))
        ]
    balanced = float(classification.balanced_accuracy(said)[0])
    error = calibration.report(said).ece_equal_mass
    held = coverage(told, [one.film.row["label"] for one in asked], said.classes)
    withheld = float(np.mean([one.diagnosis.abstained for one in asked]))
    rows += [
        Figure(encoder, "balanced accuracy", balanced, ""),
        Figure(encoder, "expected calibration error", error, ""),
        Figure(encoder, "90 % sets hold the true label", held.overall, ""),
        Figure(encoder, "labels in a set", held.mean_size, ""),
        Figure(encoder, "no suggestion", withheld, ""),
    ]
    return rows


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pneumonia_mnist")
    parser.add_argument("--data", type=Path, required=True, help=f"a folder with {SET}.npz")
    parser.add_argument("--encoder", action="append", help="a name, or a spec; may be repeated")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        archive = written(told.data, SET, work / "archive", ("train", "val"))
        queries = written(told.data, SET, work / "queries", ("test",))
        for number, encoder in enumerate(told.encoder or [DEFAULT]):
            index = indexed(archive, work / str(number), encoder)
            with Engine(index) as engine:
                asked = list(ask(engine, queries))
                head = engine.index.heads.diagnosis
                said, told_sets = predictions(asked, head), sets(asked, head)
            figures += measured(encoder, said, asked, told_sets)
    show(table(figures))
    if told.json:
        report = {"machine": machine(), "figures": [figure.to_json() for figure in figures]}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
