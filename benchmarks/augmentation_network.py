"""A small network, trained from nothing with and without made films: a few settings, and slow.

It asks what the linear head cannot: whether made films help a network that learns its own features,
and whether they add anything to the transforms that training applies on the fly.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.augmentation_scores import Asked as Scored
from benchmarks.augmentation_scores import chosen_circles, interval, scores, source_of
from indexer.augment.asked import Asked
from indexer.augment.enlarge import enlarge
from indexer.augment.folder import TABLE
from indexer.made import MADE_BY
from models.training.progress import silent

RESAMPLES = 1000
ALL_WAYS = "all-ways"


@dataclass(frozen=True, slots=True)
class Run:
    """One training. `made`: with made films. `fly`: with training's own transforms."""

    share: float
    made: bool
    fly: bool
    draw: int


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure of one training, with its 95 % interval by bootstrap over patients."""

    share: float
    made: bool
    fly: bool
    draw: int
    measure: str
    value: float
    low: float
    high: float


def train_all(
    data: Path, work: Path, quick: bool, show: Callable[[str], None]
) -> list[dict[str, object]]:
    """Trains every setting and shows its figures. Needs the extra `train`."""
    folder = work / f"network-{ALL_WAYS}"
    enlarge(data, folder, Asked(times=1 if quick else 3, workers=1))
    shares, draws = ((1.0,), 1) if quick else ((0.1, 0.25, 1.0), 2)
    runs = [
        Run(share, made, fly, draw)
        for share in shares
        for draw in range(draws)
        for made in (False, True)
        for fly in (False, True)
    ]
    show(
        "\n| share | draw | made films | on the fly | measure | value |\n|---|---|---|---|---|---|"
    )
    found = []
    for run in runs:
        for figure in _trained(run, folder, work, 1 if quick else 30):
            found.append(asdict(figure))
            show(
                f"| {run.share:.0%} | {run.draw} | {run.made} | {run.fly} | {figure.measure} | "
                f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f}) |"
            )
    return found


def _trained(run: Run, folder: Path, work: Path, epochs: int) -> Iterator[Figure]:
    from indexer.learn.classifier import ClassifierAsked, train_classifier
    from models.training.augment import Augmentation
    from models.training.settings import TrainingSettings

    name = (
        f"{run.share:g}-{run.draw}-{'made' if run.made else 'own'}-{'fly' if run.fly else 'as-is'}"
    )
    manifest = _subset(run, folder, f"subset-{name}.csv")
    # As many steps for the few as for the many: three made films a film are four times the films.
    counted = epochs if run.made else epochs * 4
    learned = train_classifier(
        manifest,
        work / f"train-{name}",
        ClassifierAsked(network="small", pretrained=False, frozen=0, size=96, workers=1),
        TrainingSettings(epochs=counted, seed=run.draw),
        Augmentation() if run.fly else Augmentation.none(),
        silent,
    )
    told = learned.answers
    labels = np.array(told.classes)[told.truth]
    source = np.array([source_of(patient) for patient in told.patients])
    asked = Scored.of(labels, source, told.patients, told.classes, RESAMPLES)
    for measure, values in scores(told.probabilities.astype(np.float64), asked).items():
        value = interval(values[None], np.random.default_rng(0))
        yield Figure(run.share, run.made, run.fly, run.draw, measure, *value)


def _subset(run: Run, folder: Path, name: str) -> Path:
    """A manifest of the films that this run learns from, and of all that measure."""
    with (folder / TABLE).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    learned = [row for row in rows if row["split"] != "query"]
    circle, label = (np.array([row[key] for row in learned]) for key in ("patient_id", "label"))
    circles = chosen_circles(circle, label, run.share, run.draw)
    kept = [
        row
        for row in rows
        if row["split"] == "query"
        or (row["patient_id"] in circles and (run.made or not row[MADE_BY]))
    ]
    with (folder / name).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(kept)
    return folder / name
