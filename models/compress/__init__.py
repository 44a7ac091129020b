"""Smaller and faster models: one way a file.

    a model (spec, ONNX file) -> one of the ways -> the same, smaller -> measured -> kept or refused

The ways need the extra `train`; what they give is run by the base installation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any

from models.errors import UsageError
from models.heads.leave_out import Indices
from models.runtime import ModelSpec
from models.table import load
from models.training.films import Films
from models.training.progress import Progress
from models.training.splits import Split

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "int8": "models.compress.quantise:int8",
        "fp16": "models.compress.halve:fp16",
        "prune": "models.compress.prune:prune",
        "distil": "models.compress.distil:distil",
    }
)
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "int8": ("onnx", "onnxruntime"),
        "fp16": ("onnx",),
        "prune": ("onnx", "onnxruntime", "onnxscript", "torch", "torchvision"),
        "distil": ("onnx", "onnxruntime", "onnxscript", "torch", "torchvision"),
    }
)
"""Packages of the extra `train` that each way imports."""


@dataclass(frozen=True, slots=True)
class Form:
    """A model in one form. `onnx`: its file's content."""

    spec: ModelSpec
    onnx: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a way can be told.

    `keep`: share of the channels that pruning leaves. `student`: the network that is taught, one of
    `models.networks.TABLE`, and `student_px`, its pictures' size (0: as made for, and at most the
    teacher's). `run`: the training run that made the model. `training`: settings over the way's
    own, as `models.training.settings` has them.
    """

    keep: float = 0.5
    student: str = "small"
    student_px: int = 0
    run: Path | None = None
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What a way works on.

    `films`: pictures of the size that the model takes; of `split` a way may look at the training
    and the validation side alone. `folder`: where it keeps what an interrupted run goes on with.
    """

    form: Form
    films: Films
    split: Split
    wishes: Wishes
    folder: Path


@dataclass(frozen=True, slots=True)
class Compressed:
    """What a way gives. `how`: a few words for the spec. `seen`: the rows it has learned from."""

    form: Form
    how: str
    seen: Indices


Way = Callable[[Given, Progress], Compressed]


def way(name: str) -> Way:
    """The way of that name. Raises `UsageError` if there is none, or if packages are missing."""
    found: Way = load(TABLE, name, "way to compress")
    return found


def check_installed(name: str) -> None:
    """Raises `UsageError` if the packages of that way are not there, or if there is no such way."""
    missing = [package for package in NEEDS.get(name, ()) if find_spec(package) is None]
    if missing:
        raise UsageError(
            f"--method {name} needs {', '.join(missing)}, which the base installation has not: "
            "pip install 'cbir[train]'"
        )
