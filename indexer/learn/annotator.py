"""Trains an annotator on an archive, findings and masks together: the whole way on one screen.

gather (whole films, masks) -> findings known -> split by patient -> train -> thresholds
-> model folder -> ask it about the test films
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from indexer.config import Config
from indexer.learn.findings import known_findings
from indexer.learn.gather import Asked, Gathered, gather
from indexer.learn.model_folder import of_what, seen_files, write_model
from indexer.learn.noted import noted_films, rows_with_anything
from indexer.learn.sides import split_of
from indexer.learn.trunks import origin_of, trunk_for
from models.arrays import FloatImage
from models.errors import UsageError
from models.files import write_whole
from models.networks import Takes
from models.runtime import AnnotatorSpec
from models.training.augment import Augmentation
from models.training.films import Films
from models.training.progress import Progress
from models.training.settings import TrainingSettings
from models.training.splits import Split

if TYPE_CHECKING:
    from torch import nn

    from models.training.annotate import Annotating

LEAST_PATIENTS = 10
"""A finding that fewer patients have is not learned: nothing could be said of what came of it."""

SETTINGS: Mapping[str, Any] = MappingProxyType({"batch": 16})
"""The defaults of `cbir train annotator`, over those of the class."""


@dataclass(frozen=True, slots=True)
class AnnotatorAsked:
    """What kind of annotator.

    `network`, `pretrained`, `frozen`: of the trunk, as of `ClassifierAsked`. `size`: pixels; 0 for
    what it was made for. `region`: what the masks show. `least_patients`: that must have a finding.
    """

    network: str = "efficientnet-lite0"
    pretrained: bool = True
    frozen: int = 4
    size: int = 0
    region: str = "lungs"
    least_patients: int = LEAST_PATIENTS
    name: str = "annotator"
    config: Config = field(default_factory=Config)
    workers: int | None = None
    label_from: str = "auto"


@dataclass(frozen=True, slots=True)
class AnnotatorAnswers:
    """What an annotator says of the m test films.

    `probabilities`: float32 (m, f). `truth`: the same, 1, 0, and NaN where not known. `thresholds`:
    f. `dice`: (m,), of the masks; NaN where there is none. `patients`, `sources`: m names.
    `prevalence`: f shares among the known training films.
    """

    findings: tuple[str, ...]
    probabilities: FloatImage
    truth: FloatImage
    thresholds: tuple[float, ...]
    dice: NDArray[np.float64]
    patients: tuple[str, ...]
    sources: tuple[str, ...]
    prevalence: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AnnotatorLearned:
    """What came of training. `left_out`: finding -> its patients, for those that have too few."""

    answers: AnnotatorAnswers
    left_out: dict[str, int]
    regions: tuple[str, ...]
    spec: Path
    counts: dict[str, int]
    remarks: tuple[str, ...]
    history: tuple[dict[str, float], ...]


def train_annotator(
    archive: Path,
    out: Path,
    asked: AnnotatorAsked,
    settings: TrainingSettings,
    augmentation: Augmentation,
    progress: Progress,
) -> AnnotatorLearned:
    """Trains in the folder `out`, going on where it was interrupted, and asks what was learned.

    Raises `UsageError` where there is nothing to learn or memory runs out, `NothingToIndex`,
    `ModelUnusable`, `CannotWrite`.
    """
    from models.networks.joint import JointNetwork
    from models.training.annotate import Annotating
    from models.training.run import train

    trunk = trunk_for(asked.network, asked.pretrained, asked.frozen, settings.seed)
    wanted = Asked(asked.config, _size(asked, trunk), True, asked.workers, asked.label_from)
    gathered = gather(archive, out, wanted, progress)
    known = known_findings(
        gathered.column("findings"), gathered.column("label"), gathered.patients()
    )
    split, remarks = split_of(gathered, rows_with_anything(gathered, known), settings.seed)
    for side in ("train", "validation", "test"):
        if not len(getattr(split, side)):
            raise UsageError(f"too few patients: none is left for the {side} side; add cases")
    films, left_out = noted_films(gathered, known, split, asked.least_patients)
    regions = (asked.region,) if gathered.masked[split.train].any() else ()
    network = JointNetwork(trunk, len(films.finding_names), len(regions), settings.dropout)
    task = Annotating(network, films, augmentation)
    about = _about(asked, films, split, augmentation, regions)
    whole = json.dumps({**about, "settings": settings.to_json()}, indent=1)
    write_whole(out / "settings.json", whole.encode())
    trained = train(task, split, settings, about, out, progress)
    spec = _spec(asked, films, _thresholds(trained.network, task, split), regions, _takes(trunk))
    return AnnotatorLearned(
        answers=_answers(trained.network, task, films, split, spec.thresholds),
        left_out=left_out,
        regions=regions,
        spec=_write(trained.network, task, spec, gathered, split, out),
        counts={side: len(rows) for side, rows in asdict(split).items()},
        remarks=(*gathered.remarks, *remarks, *_remarks(left_out, regions, asked)),
        history=trained.history,
    )


def _size(asked: AnnotatorAsked, trunk: "nn.Module") -> int:
    size = asked.size or _takes(trunk).size
    if size % 32:
        raise UsageError(f"--size {size}: an annotator's is a multiple of 32")
    return size


def _takes(trunk: "nn.Module") -> Takes:
    takes: Takes = trunk.takes  # type: ignore[assignment]
    return takes


def _thresholds(network: "nn.Module", task: "Annotating", split: Split) -> tuple[float, ...]:
    """From the validation patients, whose films were not learned from."""
    from models.training.annotate import answers_of, thresholds_of

    probabilities, _ = answers_of(network, task, split.validation)
    return thresholds_of(task.findings[split.validation], probabilities)


def _about(
    asked: AnnotatorAsked,
    films: Films,
    split: Split,
    augmentation: Augmentation,
    regions: tuple[str, ...],
) -> dict[str, Any]:
    """What decides the outcome besides the training settings, as JSON."""
    return {
        "network": asked.network,
        "pretrained": asked.pretrained,
        "frozen": asked.frozen,
        "size": films.size,
        "findings": list(films.finding_names),
        "regions": list(regions),
        "preprocessing": asked.config.to_json(),
        "augmentation": augmentation.to_json(),
        "films": {side: len(rows) for side, rows in asdict(split).items()},
    }


def _spec(
    asked: AnnotatorAsked,
    films: Films,
    thresholds: tuple[float, ...],
    regions: tuple[str, ...],
    takes: Takes,
) -> AnnotatorSpec:
    began, licence = origin_of(asked.network, asked.pretrained)
    return AnnotatorSpec(
        name=asked.name,
        file="",
        sha256="",
        size=films.size,
        mean=takes.mean,
        std=takes.std,
        findings=films.finding_names,
        thresholds=thresholds,
        regions=regions,
        licence=licence,
        source=f"{asked.network} with a mask decoder, trained here {began}",
    )


def _write(
    network: "nn.Module",
    task: "Annotating",
    spec: AnnotatorSpec,
    gathered: Gathered,
    split: Split,
    out: Path,
) -> Path:
    some = np.concatenate([split.validation, split.train])[:4]
    pictures = task.batches.plain(some).pictures.contiguous().numpy()
    outputs = ("findings", "masks") if spec.regions else ("findings",)
    spec = of_what(spec, gathered, split.train)
    return write_model(network, spec, outputs, pictures, out, seen_files(gathered, split.train))


def _answers(
    network: "nn.Module",
    task: "Annotating",
    films: Films,
    split: Split,
    thresholds: tuple[float, ...],
) -> AnnotatorAnswers:
    from models.training.annotate import answers_of

    probabilities, dice = answers_of(network, task, split.test)
    seen = task.findings[split.train]
    return AnnotatorAnswers(
        findings=films.finding_names,
        probabilities=probabilities,
        truth=task.findings[split.test],
        thresholds=thresholds,
        dice=dice,
        patients=tuple(films.patients[row] for row in split.test),
        sources=tuple(films.sources[row] for row in split.test),
        prevalence=tuple(map(float, np.nanmean(seen, axis=0))),
    )


def _remarks(
    left_out: Mapping[str, int], regions: Sequence[str], asked: AnnotatorAsked
) -> list[str]:
    found = []
    if left_out:
        named = ", ".join(f"{name} ({count})" for name, count in left_out.items())
        found.append(
            f"findings of fewer than {asked.least_patients} patients, or of all, that were not "
            f"learned: {named}"
        )
    if not regions:
        found.append("no training film has a mask, so only findings were learned")
    return found
