"""What pruning and teaching share: a network trained on, and made a model again."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from models.compress.contract import Form, Given
from models.errors import UsageError
from models.runtime import ClassifierSpec, EncoderSpec
from models.training.classify import logits_of, temperature_of
from models.training.export import exported
from models.training.loop import Task
from models.training.progress import Progress
from models.training.run import train
from models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from torch import nn

_COMPARED = 4  # films on which the ONNX file is held to torch


def settings_of(
    given: Given, defaults: Mapping[str, Any], run: Mapping[str, Any] | None = None
) -> TrainingSettings:
    """The run's settings, the way's own over them, and over these what was asked for.

    Raises `UsageError` for what does not fit, or if a side is empty.
    """
    for side in ("train", "validation"):
        if not len(getattr(given.split, side)):
            raise UsageError(f"too few patients: none is left for the {side} side; add cases")
    settings = TrainingSettings.from_json({**(run or {}), **defaults, **given.wishes.training})
    if len(given.split.train) < settings.batch:
        raise UsageError(
            f"{len(given.split.train)} films to learn from are fewer than a batch of "
            f"{settings.batch}; add cases, or take a smaller --set batch=N"
        )
    return settings


def trained(
    task: Task, given: Given, settings: TrainingSettings, about: dict[str, Any], progress: Progress
) -> "nn.Module":
    """The best network of the run, which goes on where it was interrupted; on the CPU.

    `about`: what else decides the outcome. Raises what `models.training.run.train` raises.
    """
    told = {
        **about,
        "model": given.form.spec.sha256,
        "films": {side: len(getattr(given.split, side)) for side in ("train", "validation")},
    }
    return train(task, given.split, settings, told, given.folder, progress).network.cpu()


def as_classifier(network: "nn.Module", spec: EncoderSpec, task: Task, given: Given) -> Form:
    """A classifier's form, its temperature fitted anew on the validation films."""
    rows = given.split.validation
    if isinstance(spec, ClassifierSpec):
        logits, _ = logits_of(network, task.batches, rows)
        spec = replace(spec, temperature=temperature_of(logits, given.films.labels[rows]))
    return as_form(network, spec, task, given, ("embedding", "logits"))


def as_form(
    network: "nn.Module", spec: Any, task: Task, given: Given, outputs: tuple[str, ...]
) -> Form:
    """The network as an ONNX file. Raises `ModelUnusable` if that differs from torch."""
    from torch.nn import functional

    pictures = task.batches.plain(given.split.validation[:_COMPARED]).pictures
    if pictures.shape[-1] != spec.size:
        pictures = functional.interpolate(pictures, size=(spec.size, spec.size), mode="area")
    return Form(spec, exported(network, pictures.contiguous().numpy(), outputs))
