"""Trains a segmenter on the masks of an archive: the whole way on one screen.

gather (whole films and their masks) -> split by patient -> train -> model folder -> measure
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.config import Config
from indexer.learn.gather import Asked, Gathered, gather
from indexer.learn.model_folder import of_what, seen_files, write_model
from indexer.learn.sides import sources, split_of
from models.errors import UsageError
from models.files import write_whole
from models.heads.leave_out import Indices
from models.measures.segmentation import dice, hausdorff_95
from models.networks import Takes
from models.runtime import SegmenterSpec
from models.training.augment import Augmentation
from models.training.films import Films
from models.training.progress import Progress
from models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn

    from models.training.segment import Segmentation


SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "epochs": 16,
        "batch": 8,
        "learning_rate": 2e-3,
        "weight_decay": 1e-3,
        "averaging": 0.98,
    }
)
AUGMENTATION: Mapping[str, float] = MappingProxyType(
    {
        "rotation": 12.0,
        "scale": 0.2,
        "shift": 0.1,
        "brightness": 0.25,
        "contrast": 0.3,
        "gamma": 0.4,
        "noise": 0.02,
    }
)
"""The defaults of `cbir train segmenter`, over those of the classes."""


@dataclass(frozen=True, slots=True)
class SegmenterAsked:
    """What kind of segmenter.

    `region`: what the masks show, a word. `size`: pixels, a multiple of 32. `width`: channels of
    the network's finest level. `loss`: dice, cross-entropy or both. `name`: of the model.
    """

    region: str = "lungs"
    size: int = 256
    width: int = 16
    loss: str = "both"
    name: str = "segmenter"
    config: Config = field(default_factory=Config)
    workers: int | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one test film's mask fits. `hausdorff_px`: of the network's square."""

    key: str
    source: str
    dice: float
    hausdorff_px: float


@dataclass(frozen=True, slots=True)
class SegmenterLearned:
    """What came of training. `spec`: the model's file. `fits`: one a test film."""

    region: str
    size: int
    fits: tuple[Fit, ...]
    spec: Path
    counts: dict[str, int]
    remarks: tuple[str, ...]
    history: tuple[dict[str, float], ...]


def train_segmenter(
    archive: Path,
    out: Path,
    asked: SegmenterAsked,
    settings: TrainingSettings,
    augmentation: Augmentation,
    progress: Progress,
) -> SegmenterLearned:
    """Trains in the folder `out`, going on where it was interrupted, and measures what it finds.

    Raises `UsageError` where there are no masks or memory runs out, `NothingToIndex`,
    `ModelUnusable`, `CannotWrite`.
    """
    import torch

    from models.networks.unet import UNet
    from models.training.run import train
    from models.training.segment import Segmentation

    _check(asked)
    torch.manual_seed(settings.seed)
    network = UNet(1, asked.width, asked.size)
    wanted = Asked(asked.config, asked.size, whole=True, workers=asked.workers)
    gathered = gather(archive, out, wanted, progress)
    films = masked_films(gathered)
    split, remarks = split_of(gathered, np.flatnonzero(gathered.masked), settings.seed)
    task = Segmentation(network, films, augmentation, asked.loss)
    about = _about(asked, augmentation, {side: len(r) for side, r in asdict(split).items()})
    told = {**about, "settings": settings.to_json()}
    write_whole(out / "settings.json", json.dumps(told, indent=1).encode())
    trained = train(task, split, settings, about, out, progress)
    pictures = task.batches.plain(split.validation[:4]).pictures.contiguous().numpy()
    seen = seen_files(gathered, split.train)
    spec = of_what(_spec(asked, network), gathered, split.train)
    return SegmenterLearned(
        region=asked.region,
        size=asked.size,
        fits=_fits(trained.network, task, gathered, split.test),
        spec=write_model(trained.network, spec, ("logits",), pictures, out, seen),
        counts={side: len(getattr(split, side)) for side in ("train", "validation", "test")},
        remarks=(*gathered.remarks, *remarks),
        history=trained.history,
    )


def _check(asked: SegmenterAsked) -> None:
    if asked.size % 32 or asked.size < 32:
        raise UsageError(f"--size {asked.size}: a segmenter's is a multiple of 32")


def masked_films(gathered: Gathered) -> Films:
    """The films with their masks. Raises `UsageError` if there is none."""
    if gathered.masks is None:
        raise UsageError(
            "no scan of the archive has a mask to learn from; name mask files in the manifest's "
            "column `mask`, of the same size as the scan, 0 outside"
        )
    return Films(
        pictures=gathered.pictures,
        patients=gathered.patients(),
        labels=np.full(len(gathered.pictures), -1, np.intp),
        masks=gathered.masks,
        masked=gathered.masked,
        sources=sources(gathered),
    )


def _about(
    asked: SegmenterAsked, augmentation: Augmentation, films: dict[str, int]
) -> dict[str, Any]:
    return {
        "network": "unet",
        "region": asked.region,
        "size": asked.size,
        "width": asked.width,
        "loss": asked.loss,
        "preprocessing": asked.config.to_json(),
        "augmentation": augmentation.to_json(),
        "films": films,
    }


def _spec(asked: SegmenterAsked, network: "nn.Module") -> SegmenterSpec:
    takes: Takes = network.takes  # type: ignore[assignment]
    return SegmenterSpec(
        name=asked.name,
        file="",
        sha256="",
        size=asked.size,
        mean=takes.mean[:1],
        std=takes.std[:1],
        regions=(asked.region,),
        licence="as the films it was trained on",
        source=f"U-Net of width {asked.width}, trained here from random weights",
    )


def _fits(
    network: "nn.Module", task: "Segmentation", gathered: Gathered, rows: Indices
) -> tuple[Fit, ...]:
    from models.training.segment import probabilities_of

    assert gathered.masks is not None
    found = probabilities_of(network, task.batches, rows) > 0.5
    origin = sources(gathered)
    fits = []
    for row, mask in zip(rows, found, strict=True):
        truth = np.asarray(gathered.masks[row] > 127)
        key = gathered.keys[gathered.scan[row]]
        fits.append(Fit(key, origin[row], dice(mask, truth), hausdorff_95(mask, truth)))
    return tuple(fits)
