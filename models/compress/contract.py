"""What every way to make a model smaller is given, and what it gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from models.heads.leave_out import Indices
from models.measures.speed import Cost
from models.runtime import ModelSpec
from models.training.films import Films
from models.training.progress import Progress
from models.training.splits import Split


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
    """What a way gives.

    `how`: a few words for the spec. `seen`: the rows whose films changed its weights.
    """

    form: Form
    how: str
    seen: Indices


@dataclass(frozen=True, slots=True)
class Measured:
    """What a form is worth, a row of the table.

    `mib`: of its file. `cost`: of one picture, on one thread. `right`: figures from 0 to 1, by
    name; more is better.
    """

    mib: float
    parameters: int
    cost: Cost
    right: Mapping[str, float]


class Way(Protocol):
    """A way to make a model smaller."""

    def check(self, form: Form, wishes: Wishes) -> None:
        """What can be told to be wrong before any film is read.

        Raises `UsageError`, or `ModelUnusable` for a run that does not fit the model.
        """
        ...

    def make(self, given: Given, progress: Progress) -> Compressed:
        """The model, smaller. Raises `UsageError`, `ModelUnusable`, `CannotWrite`."""
        ...
