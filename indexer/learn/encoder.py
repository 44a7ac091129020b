"""Trains an encoder on an archive: the whole way on one screen.

gather -> split by patient -> train -> one space -> model folder -> test films search in the others
"""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.config import Config
from indexer.learn.encoded import Found, found_by
from indexer.learn.gather import Asked, Gathered, gather
from indexer.learn.labelled import all_films, check_classes, kept_labels, labelled_films
from indexer.learn.members import (
    ALIGNED_ON,
    check_members,
    judged_by,
    judging_sides,
    left_out,
    shared_stages,
    split_for,
)
from indexer.learn.model_folder import files_of, listed, of_what, seen_files, write_model
from indexer.learn.trunks import Beginning, begun_with
from models.errors import UsageError
from models.files import write_whole
from models.heads.leave_out import Indices
from models.runtime import EncoderSpec
from models.runtime.members import NO_MEMBER
from models.runtime.registry import checked
from models.training.augment import Augmentation
from models.training.films import Films
from models.training.progress import Progress
from models.training.settings import TrainingSettings
from models.training.splits import Split, spread

if TYPE_CHECKING:
    from torch import nn

    from models.training.metric import MetricLearning
    from models.training.metric_losses import Recipe

Planned = tuple["Recipe", TrainingSettings, Augmentation]

SELF_SUPERVISED = "self-supervised"


@dataclass(frozen=True, slots=True)
class EncoderAsked:
    """What kind of encoder.

    `loss`, `dim`, `mix`, `temperature`: see `models.training.metric_losses.Recipe`. `network`: one
    of `models.networks.TABLE`. `begin`: "imagenet", "nothing", or a finished run's folder.
    `frozen`: how many of its first stages stay as they are; -1 for all of them. `size`: pixels; 0
    for what the network was made for. `members`: above 1 a committee, whose members share the
    frozen stages and leave out one fold of the patients each. `without`: labels that are left out.
    `beside`: other encoders that the test films ask as well, by name or spec. `name`: of the model.
    """

    loss: str = "proxy"
    dim: int = 256
    mix: float = 0.0
    temperature: float = 0.1
    network: str = "efficientnet-lite0"
    begin: str | Path = "imagenet"
    frozen: int = 4
    size: int = 0
    members: int = 1
    without: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    name: str = "encoder"
    config: Config = field(default_factory=Config)
    workers: int | None = None
    label_from: str = "auto"


@dataclass(frozen=True, slots=True)
class EncoderLearned:
    """What came of training. `spec`: the model's file. `counts`: films of each side."""

    asked: EncoderAsked
    found: Found
    spec: Path
    counts: dict[str, int]
    remarks: tuple[str, ...]
    history: tuple[dict[str, float], ...]


def train_encoder(
    archive: Path,
    out: Path,
    asked: EncoderAsked,
    settings: TrainingSettings,
    augmentation: Augmentation,
    progress: Progress,
) -> EncoderLearned:
    """Trains in the folder `out`, going on where it was interrupted, and asks what was learned.

    Raises `UsageError` where there is nothing to learn or memory runs out, `NothingToIndex`,
    `ModelUnusable`, `CannotWrite`.
    """
    from models.training.run import train

    recipe = _recipe(asked, settings)
    begun = begun_with(asked.network, asked.begin, asked.frozen, settings.seed)
    size = asked.size or int(begun.trunk.takes.size)  # type: ignore[arg-type]
    wanted = Asked(asked.config, size, workers=asked.workers, label_from=asked.label_from)
    gathered = gather(archive, out, wanted, progress)
    films, rows = _films(gathered, asked)
    split, remarks = _split(gathered, films, rows, asked, settings.seed)
    plan = (recipe, settings, augmentation)
    task = _task(begun, films, split, asked, plan)
    about = _about(asked, begun, films, split, task) | _planned(plan)
    told = {**about, "settings": settings.to_json()}
    write_whole(out / "settings.json", json.dumps(told, indent=1).encode())
    judged, chosen_by = judged_by(gathered, split)
    trained = train(task, replace(split, validation=chosen_by), settings, about, out, progress)
    dim = task.finish(trained.network, spread(judged, ALIGNED_ON))
    found = found_by(task, trained.network, films, split, gathered, asked.beside)
    spec = of_what(_spec(asked, begun, size, dim), gathered, split.train)
    return EncoderLearned(
        asked=asked,
        found=found,
        spec=_write(trained.network, task, spec, out, _seen(gathered, split.train, task, begun)),
        counts={side: len(getattr(split, side)) for side in ("train", "validation", "test")},
        remarks=(*gathered.remarks, *remarks, *found.remarks),
        history=trained.history,
    )


def _recipe(asked: EncoderAsked, settings: TrainingSettings) -> "Recipe":
    """What is to be learned. Refuses what would else be refused only after the training."""
    from models.training.metric_losses import Recipe

    for name in asked.beside:
        checked(name, EncoderSpec)

    return Recipe(
        loss=asked.loss,
        dim=asked.dim,
        mix=asked.mix,
        temperature=asked.temperature,
        label_smoothing=settings.label_smoothing,
    )


def _films(gathered: Gathered, asked: EncoderAsked) -> tuple[Films, Indices]:
    """The films, and the rows that are learned from or asked: without labels, all of them."""
    labels = kept_labels(gathered, asked.without)
    if asked.loss != SELF_SUPERVISED:
        if not any(labels):
            raise UsageError(
                f"no scan of the archive has a label, which the loss {asked.loss} learns from; "
                f"without labels: --loss {SELF_SUPERVISED}"
            )
        return labelled_films(gathered, asked.without)
    films = all_films(gathered, asked.without)
    return films, np.arange(len(films))


def _split(
    gathered: Gathered, films: Films, rows: Indices, asked: EncoderAsked, seed: int
) -> tuple[Split, tuple[str, ...]]:
    split, remarks = split_for(gathered, rows, asked.members, seed)
    sides = judging_sides(asked.members)
    if asked.loss == SELF_SUPERVISED:
        _check_sides(split, sides)
    else:
        check_classes(films, split, sides)
    check_members(films, split, asked.members)
    return split, remarks


def _check_sides(split: Split, sides: tuple[str, ...]) -> None:
    for side in sides:
        if len(getattr(split, side)) < 2:
            raise UsageError(
                f"too few patients: the {side} side has fewer than two films; add cases"
            )


def _task(
    begun: Beginning,
    films: Films,
    split: Split,
    asked: EncoderAsked,
    plan: "Planned",
) -> "MetricLearning":
    from models.training.metric import MetricLearning, Plan
    from models.training.self_supervised import SelfSupervision

    recipe, settings, augmentation = plan
    kind = SelfSupervision if asked.loss == SELF_SUPERVISED else MetricLearning
    return kind(
        begun.trunk,
        films,
        split,
        Plan(
            recipe=recipe,
            settings=settings,
            augmentation=augmentation,
            shared=shared_stages(begun.trunk, asked.frozen),
            folds=left_out(films, split, asked.members, settings.seed),
        ),
    )


def _about(
    asked: EncoderAsked, begun: Beginning, films: Films, split: Split, task: "MetricLearning"
) -> dict[str, Any]:
    """What decides the outcome besides settings, recipe and augmentation, as JSON."""
    return {
        "task": "metric",
        "network": asked.network,
        "begin": begun.sha256 or str(asked.begin),
        "frozen": asked.frozen,
        "members": asked.members,
        "shared": task.shared,
        "size": films.size,
        "classes": list(films.classes),
        "preprocessing": asked.config.to_json(),
        "films": {side: len(rows) for side, rows in asdict(split).items()},
    }


def _planned(plan: "Planned") -> dict[str, Any]:
    recipe, _, augmentation = plan
    return {"recipe": asdict(recipe), "augmentation": augmentation.to_json()}


def _spec(asked: EncoderAsked, begun: Beginning, size: int, dim: int) -> EncoderSpec:
    takes = begun.trunk.takes
    committee = f", {asked.members} members" if asked.members > 1 else ""
    return EncoderSpec(
        name=asked.name,
        file="",
        sha256="",
        size=size,
        mean=takes.mean,  # type: ignore[arg-type]
        std=takes.std,  # type: ignore[arg-type]
        dim=dim,
        members=asked.members,
        licence=begun.licence,
        source=f"{asked.network}{committee}, trained here by {asked.loss} {begun.origin}",
    )


def _write(
    network: "nn.Module", task: "MetricLearning", spec: EncoderSpec, out: Path, seen: bytes
) -> Path:
    pictures = task.batches.plain(task.searched[:4]).pictures.contiguous().numpy()
    return write_model(network, spec, ("embedding",), pictures, out, seen)


def _seen(gathered: Gathered, rows: Indices, task: "MetricLearning", begun: Beginning) -> bytes:
    """The list of the films that were learned from.

    Those of the run that it began with are among them. Where a film is of both, it is the labels of
    this run that count: what it is to be kept from judging is how well labels are told.
    """
    own = seen_files(gathered, rows, task.folds)
    others = begun.seen - files_of(gathered, rows)
    return own + listed(dict.fromkeys(others, NO_MEMBER))
