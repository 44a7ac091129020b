"""An archive of discs and rings, and training runs on it that take seconds."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from models.training.progress import silent


def archive(
    folder: Path, count: int = 96, labels: tuple[str, str] = ("disc", "ring"), seed: int = 0
) -> Path:
    """Discs and rings with masks, two films a patient; the last third has `split` = query."""
    rng = np.random.default_rng(seed)
    (folder / "films").mkdir(parents=True)
    rows, columns = np.mgrid[:64, :64]
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "label", "patient_id", "mask", "split"])
        for number in range(count):
            away = np.hypot(rows - rng.uniform(26, 38), columns - rng.uniform(26, 38))
            kind = number % 4 // 2
            shape = (away < 18) & ((away > 10) | (kind == 0))
            film = np.clip(rng.normal(60, 12, (64, 64)) + 110 * shape, 0, 255)
            cv2.imwrite(str(folder / "films" / f"{number}.png"), film.astype(np.uint8))
            cv2.imwrite(str(folder / "films" / f"{number}-mask.png"), shape.astype(np.uint8) * 255)
            side = "query" if number >= count * 2 / 3 else "archive"
            patient, mask = f"p{number // 2}", f"films/{number}-mask.png"
            writer.writerow([f"films/{number}.png", labels[kind], patient, mask, side])
    return folder


def classifier_run(films: Path, run: Path, **changed: Any) -> Path:
    """The spec of a small classifier that was trained on `films` in the folder `run`."""
    from indexer.learn.classifier import ClassifierAsked, train_classifier
    from models.training.augment import Augmentation
    from models.training.settings import TrainingSettings

    told: Mapping[str, Any] = {"epochs": 8, "batch": 8, "learning_rate": 0.01, "trunk_rate": 1.0}
    asked = ClassifierAsked(network="small", pretrained=False, frozen=0, size=32, workers=1)
    settings = TrainingSettings(**{**told, "averaging": 0.9, **changed})
    learned = train_classifier(films, run, asked, settings, Augmentation(rotation=5.0), silent)
    return learned.spec


def segmenter_run(films: Path, run: Path) -> Path:
    """The spec of a small segmenter that was trained on the masks of `films`."""
    from indexer.learn.segmenter import SegmenterAsked, train_segmenter
    from models.training.augment import Augmentation
    from models.training.settings import TrainingSettings

    settings = TrainingSettings(
        epochs=8, batch=8, learning_rate=0.01, trunk_rate=1.0, averaging=0.9
    )
    asked = SegmenterAsked(region="shape", size=64, width=16, workers=1)
    learned = train_segmenter(films, run, asked, settings, Augmentation(rotation=5.0), silent)
    return learned.spec
