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
from indexer.learn.model_folder import of_what, seen_files, write_model
from indexer.learn.sides import photographed, split_of
from indexer.learn.trunks import origin_of, trunk_for
from models.arrays import FloatImage
from models.errors import UsageError
from models.files import write_whole
from models.heads.leave_out import Indices, patients_of
from models.runtime import ClassifierSpec
from models.training.augment import Augmentation
from models.training.films import Films
from models.training.progress import Progress
from models.training.settings import TrainingSettings
from models.training.splits import Split, folds

if TYPE_CHECKING:
    from torch import nn

    from models.training.classify import Classification


JUDGED_EACH_EPOCH = 300
"""Films that an epoch of a committee is judged by, which could be judged by all that it has."""


ALIGNED_ON = 1000
"""Films on which a committee's members are brought into one space."""


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
    judged = chosen_by = split
    if not len(split.validation):  # each film by the member that has not seen it
        judged = replace(split, validation=photographed(gathered, split.train))
        chosen_by = replace(judged, validation=_spread(judged.validation, JUDGED_EACH_EPOCH))
    trained = train(task, chosen_by, settings, about, out, progress)
    temperature = _temperature(trained.network, task, films, judged)
    dim = task.finish(trained.network, _spread(judged.validation, ALIGNED_ON))
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
    """The sides. A committee needs no validation side: of each film one member has not seen it."""
    if asked.members == 1:
        split, remarks = split_of(gathered, rows, seed)
        check_classes(films, split)
        return split, remarks
    split, remarks = split_of(gathered, rows, seed, (0.2, 0.0))
    check_classes(films, split, ("test",))
    owners = patients_of(films.patients)
    patients = len({owners[row] for row in split.train})
    if patients < 2 * asked.members:
        raise UsageError(
            f"{patients} patients to learn from are too few for {asked.members} members, which "
            "leave out two of them each at least; take fewer --members"
        )
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
    from models.training.committee import CommitteeClassification, folds_of

    stages = len(trunk.stages())  # type: ignore[operator]
    shared = stages if asked.frozen < 0 else min(asked.frozen, stages)
    if asked.members == 1:
        return Classification(trunk, films, split.train, settings, augmentation, shared)
    names = [f"{films.labels[row]}|{films.sources[row]}" for row in split.train]
    owners = [films.patients[row] for row in split.train]
    told = folds(names, owners, asked.members, settings.seed)
    left_out = folds_of(split.train, len(films), told)
    return CommitteeClassification(
        trunk, films, split.train, left_out, shared, settings, augmentation
    )


def _spread(rows: Indices, most: int) -> Indices:
    """At most so many of the rows, evenly spaced."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.intp)]


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


def _temperature(network: "nn.Module", task: "Classification", films: Films, split: Split) -> float:
    """From the validation patients' films, each as who has not learned from it answers."""
    from models.training.classify import temperature_of

    return temperature_of(task.answers(network, split.validation), films.labels[split.validation])


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
