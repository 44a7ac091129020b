"""Trains a classifier on an archive: the whole way on one screen.

gather -> split by patient -> train -> calibrate -> model folder -> ask it about the test films
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.config import Config
from indexer.learn.floors import floors
from indexer.learn.gather import Asked, Gathered, gather
from indexer.learn.labelled import check_classes, labelled_films
from indexer.learn.members import (
    ALIGNED_ON,
    check_members,
    judged_by,
    judging_sides,
    left_out,
    shared_stages,
    split_for,
)
from indexer.learn.model_folder import of_what, seen_files, write_model
from indexer.learn.trunks import origin_of, trunk_for
from models.arrays import FloatImage
from models.files import write_whole
from models.heads.leave_out import Indices
from models.runtime import ClassifierSpec
from models.training.augment import Augmentation
from models.training.films import Films
from models.training.progress import Progress
from models.training.settings import TrainingSettings
from models.training.splits import Split, spread

if TYPE_CHECKING:
    from torch import nn

    from models.training.classify import Classification


@dataclass(frozen=True, slots=True)
class ClassifierAsked:
    """What kind of classifier.

    `network`: one of `models.networks.TABLE`. `pretrained`: begin with ImageNet's weights.
    `frozen`: how many of its first stages stay as they are; -1 for all of them. `size`: pixels; 0
    for what the network was made for. `members`: above 1 a committee, whose members share the
    frozen stages and leave out one fold of the patients each. `without`: labels that are left out.
    `name`: of the model.
    """

    network: str = "efficientnet-lite0"
    pretrained: bool = True
    frozen: int = 4
    size: int = 0
    members: int = 1
    without: tuple[str, ...] = ()
    name: str = "classifier"
    config: Config = field(default_factory=Config)
    workers: int | None = None
    label_from: str = "auto"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says of m test scans whose class is known.

    Of a volume's slices the mean counts. `probabilities`: float32 (m, classes), calibrated.
    `truth`: (m,), their class. `keys`, `patients`, `sources`: m names. `floors`: the same scans'
    probabilities by plainer means.
    """

    classes: tuple[str, ...]
    probabilities: FloatImage
    truth: Indices
    keys: tuple[str, ...]
    patients: tuple[str, ...]
    sources: tuple[str, ...]
    floors: dict[str, FloatImage]


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of training. `spec`: the model's file. `counts`: films of each side."""

    answers: Answers
    spec: Path
    counts: dict[str, int]
    remarks: tuple[str, ...]
    history: tuple[dict[str, float], ...]


def train_classifier(
    archive: Path,
    out: Path,
    asked: ClassifierAsked,
    settings: TrainingSettings,
    augmentation: Augmentation,
    progress: Progress,
) -> Learned:
    """Trains in the folder `out`, going on where it was interrupted, and asks what was learned.

    Raises `UsageError` where there is nothing to learn or memory runs out, `NothingToIndex`,
    `ModelUnusable`, `CannotWrite`.
    """
    from models.training.run import train

    trunk = trunk_for(asked.network, asked.pretrained, asked.frozen, settings.seed)
    size = asked.size or int(trunk.takes.size)  # type: ignore[arg-type]
    wanted = Asked(asked.config, size, workers=asked.workers, label_from=asked.label_from)
    gathered = gather(archive, out, wanted, progress)
    films, rows = labelled_films(gathered, asked.without)
    split, remarks = _split(gathered, films, rows, asked, settings.seed)
    task = _task(trunk, films, split, asked, settings, augmentation)
    about = _about(asked, size, films, split, augmentation) | {"shared": task.shared}
    told = {**about, "settings": settings.to_json()}
    write_whole(out / "settings.json", json.dumps(told, indent=1).encode())
    judged, chosen_by = judged_by(gathered, split)
    trained = train(task, replace(split, validation=chosen_by), settings, about, out, progress)
    temperature = _temperature(trained.network, task, films, judged)
    dim = task.finish(trained.network, spread(judged, ALIGNED_ON))
    spec = _spec(asked, films, size, dim, temperature)
    found = _asked(trained.network, task, split, temperature)
    return Learned(
        answers=_answers(films, split, gathered, found),
        spec=_write(trained.network, task, spec, gathered, split, out),
        counts={side: len(getattr(split, side)) for side in ("train", "validation", "test")},
        remarks=(*gathered.remarks, *remarks),
        history=trained.history,
    )


def _split(
    gathered: Gathered, films: Films, rows: Indices, asked: ClassifierAsked, seed: int
) -> tuple[Split, tuple[str, ...]]:
    split, remarks = split_for(gathered, rows, asked.members, seed)
    check_classes(films, split, judging_sides(asked.members))
    check_members(films, split, asked.members)
    return split, remarks


def _task(
    trunk: "nn.Module",
    films: Films,
    split: Split,
    asked: ClassifierAsked,
    settings: TrainingSettings,
    augmentation: Augmentation,
) -> "Classification":
    from models.training.classify import Classification
    from models.training.committee import CommitteeClassification

    shared = shared_stages(trunk, asked.frozen)
    folds = left_out(films, split, asked.members, settings.seed)
    if folds is None:
        return Classification(trunk, films, split.train, settings, augmentation, shared)
    return CommitteeClassification(trunk, films, split.train, folds, shared, settings, augmentation)


def _about(
    asked: ClassifierAsked, size: int, films: Films, split: Split, augmentation: Augmentation
) -> dict[str, Any]:
    """What decides the outcome besides the training settings, as JSON."""
    return {
        "network": asked.network,
        "pretrained": asked.pretrained,
        "frozen": asked.frozen,
        "members": asked.members,
        "size": size,
        "classes": list(films.classes),
        "preprocessing": asked.config.to_json(),
        "augmentation": augmentation.to_json(),
        "films": {side: len(rows) for side, rows in asdict(split).items()},
    }


def _temperature(
    network: "nn.Module", task: "Classification", films: Films, judged: Indices
) -> float:
    """From the films that it is judged by, each as who has not learned from it answers."""
    from models.training.classify import temperature_of

    return temperature_of(task.answers(network, judged), films.labels[judged])


def _spec(
    asked: ClassifierAsked, films: Films, size: int, dim: int, temperature: float
) -> ClassifierSpec:
    from models.networks import trunk

    network = trunk(asked.network)
    began, licence = origin_of(asked.network, asked.pretrained)
    committee = f", {asked.members} members" if asked.members > 1 else ""
    return ClassifierSpec(
        name=asked.name,
        file="",
        sha256="",
        size=size,
        mean=network.takes.mean,  # type: ignore[arg-type]
        std=network.takes.std,  # type: ignore[arg-type]
        dim=dim,
        members=asked.members,
        classes=films.classes,
        temperature=temperature,
        licence=licence,
        source=f"{asked.network}{committee}, trained here {began}",
    )


def _write(
    network: "nn.Module",
    task: "Classification",
    spec: ClassifierSpec,
    gathered: Gathered,
    split: Split,
    out: Path,
) -> Path:
    pictures = task.batches.plain(split.train[:4]).pictures.contiguous().numpy()
    seen = seen_files(gathered, split.train, task.folds)
    spec = of_what(spec, gathered, split.train)
    return write_model(network, spec, ("embedding", "logits"), pictures, out, seen)


def _asked(
    network: "nn.Module", task: "Classification", split: Split, temperature: float
) -> FloatImage:
    """The calibrated probabilities of the test pictures: float32 (n, classes)."""
    if not len(split.test):
        return np.zeros((0, task.classes), np.float32)
    scaled = task.answers(network, split.test) / temperature
    raised = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def _answers(films: Films, split: Split, gathered: Gathered, found: FloatImage) -> Answers:
    scans, first, of_scan = np.unique(
        gathered.scan[split.test], return_index=True, return_inverse=True
    )
    rows = split.test[first]

    def of_scans(values: FloatImage) -> FloatImage:
        sums = np.zeros((len(scans), values.shape[1]), np.float32)
        np.add.at(sums, of_scan, values)
        counts = np.bincount(of_scan, minlength=len(scans)).astype(np.float32)
        return np.asarray(sums / counts[:, None], np.float32)

    return Answers(
        classes=films.classes,
        probabilities=of_scans(found),
        truth=films.labels[rows],
        keys=tuple(gathered.keys[scan] for scan in scans),
        patients=tuple(films.patients[row] for row in rows),
        sources=tuple(films.sources[row] for row in rows),
        floors={name: of_scans(told) for name, told in floors(films, split).items()},
    )
