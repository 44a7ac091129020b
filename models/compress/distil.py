"""Distillation: a smaller network is taught what a model answers (Hinton 2015).

The teacher is the model as it runs, its ONNX file, so any model can teach. It answers for each
augmented picture anew (Beyer 2022: the student must be shown what its teacher is shown). The
student learns three things at once: the labels, the teacher's softened probabilities, and the
direction of its embedding, through a linear map, since the two have different widths.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.arrays import ByteImage
from models.compress.contract import Compressed, Form, Given, Wishes
from models.compress.retrain import as_classifier, as_form, settings_of, trained
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.networks import TABLE, Takes, trunk
from models.networks.weights import ORIGINS, pretrained
from models.runtime import ClassifierSpec, EncoderSpec
from models.runtime.network import Network
from models.training.augment import Augmentation
from models.training.batches import Batch, Batches
from models.training.classify import AT_ONCE, Classification, Classifier
from models.training.loop import Task
from models.training.progress import Progress
from models.training.settings import TrainingSettings

if TYPE_CHECKING:
    from models.training.films import Films

SETTINGS: Mapping[str, Any] = {"epochs": 20, "trunk_rate": 1.0, "label_smoothing": 0.0}
"""Over the defaults. The teacher's own doubts are in its probabilities, so labels stay hard."""

TEMPERATURE = 4.0
"""Softens both sides' probabilities; Hinton's range for small students is 2.5 to 4. Not tuned."""
LABELS, PROBABILITIES, EMBEDDING = 0.3, 0.7, 1.0
"""How much each of the three counts. Not tuned."""


class Teacher:
    """A model's answers to the very pictures that a student sees."""

    def __init__(self, form: Form, takes: Takes) -> None:
        """`takes`: what the student's pictures are normalised by."""
        self.classifies = isinstance(form.spec, ClassifierSpec)
        self._members = form.spec.members if isinstance(form.spec, EncoderSpec) else 1
        self._network = Network(form.spec, form.onnx)
        self._mean = torch.tensor(takes.mean).view(1, -1, 1, 1)
        self._std = torch.tensor(takes.std).view(1, -1, 1, 1)

    def answers(self, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
        """Embeddings, float32 (n, dim), and logits, float32 (n, classes), if it classifies.

        A committee's are the means of its members. `pictures`: float32 (n, 3, size, size), as the
        student takes them, of the teacher's size.
        """
        levels = (pictures.cpu() * self._std + self._mean).round().clamp(0, 255)
        shown: ByteImage = np.ascontiguousarray(levels.permute(0, 2, 3, 1).numpy().astype(np.uint8))
        found = [
            torch.from_numpy(one.reshape(len(shown), self._members, -1).mean(axis=1)).to(
                pictures.device
            )
            for one in self._network.run(shown, outputs=2 if self.classifies else 1)
        ]
        return found[0], found[1] if self.classifies else None


class Student(Classifier):
    """A classifier that also says what its teacher's embedding would be.

    Pictures of another size than `px` are brought to it first: while it learns it is given its
    teacher's.
    """

    def __init__(
        self, network: nn.Module, classes: int, dropout: float, px: int, teacher_dim: int
    ) -> None:
        """`network`: its trunk."""
        super().__init__(network, classes, dropout)
        dim: int = network.dim  # type: ignore[assignment]
        self.px = px
        self.towards = nn.Linear(dim, teacher_dim, bias=False)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The embedding, float32 (n, dim), and logits, float32 (n, classes)."""
        if x.shape[-1] != self.px:
            x = functional.interpolate(x, size=(self.px, self.px), mode="area")
        return super().forward(x)


class Imitation(nn.Module):
    """A student as an encoder: the teacher's embedding as the student says it would be."""

    def __init__(self, student: Student) -> None:
        """`student`: trained."""
        super().__init__()
        self.student = student

    def forward(self, x: Tensor) -> Tensor:
        """The embedding, float32 (n, teacher's dim)."""
        found: Tensor = self.student.towards(self.student(x)[0])
        return found


class Distillation:
    """The task: to answer as the teacher does (see `models.training.loop.Task`)."""

    def __init__(self, given: Given, student: Student, settings: TrainingSettings) -> None:
        """Of an encoder's films the labels do not count."""
        self.network: nn.Module = student
        takes: Takes = student.trunk.takes  # type: ignore[assignment]
        self.batches = Batches(given.films, takes, 3, Augmentation())
        self._teacher = Teacher(given.form, takes)
        self._labelled = self._told(given.films, student, given.split.train, settings)

    def _told(
        self, films: "Films", student: Student, learned: Indices, settings: TrainingSettings
    ) -> Classification | None:
        """The task that learns from the labels and judges by them, where the teacher knows them."""
        if not self._teacher.classifies:
            return None
        task = Classification(student.trunk, films, learned, settings, Augmentation())
        task.network = self.network
        return task

    def loss(self, batch: Batch) -> Tensor:
        """The weighted sum of what the labels, the probabilities and the embedding say."""
        student = cast(Student, self.network)
        wanted, told = self._teacher.answers(batch.pictures)
        embedding, logits = student(batch.pictures)
        near = functional.cosine_similarity(student.towards(embedding), wanted, dim=1)
        loss = EMBEDDING * (1 - near).mean()
        if told is None or self._labelled is None:
            return loss
        hard = self._labelled.loss_of(logits, batch.rows)
        return loss + LABELS * hard + PROBABILITIES * softened(logits, told)

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """A classifier's scores; an encoder's is the mean cosine to its teacher's embeddings."""
        if self._labelled is not None:
            return self._labelled.scores(network, rows)
        student = cast(Student, network)
        device = next(student.parameters()).device
        found = []
        with torch.inference_mode():
            for start in range(0, len(rows), AT_ONCE):
                pictures = self.batches.plain(rows[start : start + AT_ONCE]).pictures.to(device)
                wanted, _ = self._teacher.answers(pictures)
                own = student.towards(student(pictures)[0])
                found.append(functional.cosine_similarity(own, wanted, dim=1))
        cosine = float(torch.cat(found).mean())
        return {"cosine": cosine, "score": cosine}


def softened(logits: Tensor, told: Tensor) -> Tensor:
    """How far the student's softened probabilities are from the teacher's, a scalar.

    The Kullback-Leibler divergence times the square of the temperature, which makes its gradients
    as large as the labels' (Hinton 2015). Both float32 (n, classes), logits.
    """
    own = functional.log_softmax(logits / TEMPERATURE, 1)
    other = functional.log_softmax(told / TEMPERATURE, 1)
    apart = functional.kl_div(own, other, reduction="batchmean", log_target=True)
    return apart * TEMPERATURE**2


class Distilling:
    """A student that was taught by the model."""

    def check(self, form: Form, wishes: Wishes) -> None:
        """Raises `UsageError` if the model cannot teach, or if there is no such student."""
        if not isinstance(form.spec, EncoderSpec):
            raise UsageError(
                f"{form.spec.name!r} is neither a classifier nor an encoder, which can teach; "
                "take --method int8, fp16 or prune"
            )
        if wishes.student not in TABLE:
            raise UsageError(
                f"there is no network {wishes.student!r}; there are: {', '.join(sorted(TABLE))}"
            )
        if wishes.student_px % 32:
            raise UsageError(f"--size is {wishes.student_px}; a student's is a multiple of 32")

    def make(self, given: Given, progress: Progress) -> Compressed:
        """Raises `UsageError` for settings that do not fit, `ModelUnusable` if the student's first
        weights are not there, and as training does.
        """
        settings = settings_of(given, SETTINGS)
        student = _student(given, settings)
        name = given.wishes.student
        about = {"method": "distil", "student": name, "px": student.px}
        task = self.task(given, student, settings)
        best = cast(Student, trained(task, given, settings, about, progress))
        how = f"{name} of {student.px} px, taught by {given.form.spec.name}"
        return Compressed(_form(best, task, given), how, given.split.train)

    def task(self, given: Given, student: Student, settings: TrainingSettings) -> Task:
        """What the student learns."""
        return Distillation(given, student, settings)


def _student(given: Given, settings: TrainingSettings) -> Student:
    spec, wishes = cast(EncoderSpec, given.form.spec), given.wishes
    torch.manual_seed(settings.seed)
    network = pretrained(wishes.student) if wishes.student in ORIGINS else trunk(wishes.student)
    takes: Takes = network.takes  # type: ignore[assignment]
    px = wishes.student_px or min(takes.size, spec.size)
    classes = len(spec.classes) if isinstance(spec, ClassifierSpec) else 1
    return Student(network, classes, settings.dropout, px, spec.dim)


def _form(student: Student, task: Task, given: Given) -> Form:
    takes: Takes = student.trunk.takes  # type: ignore[assignment]
    spec = replace(
        cast(EncoderSpec, given.form.spec),
        size=student.px,
        mean=takes.mean,
        std=takes.std,
        layout="NCHW",
    )
    if isinstance(spec, ClassifierSpec):
        dim: int = student.trunk.dim  # type: ignore[assignment]
        return as_classifier(student, replace(spec, dim=dim, members=1), task, given)
    return as_form(Imitation(student).eval(), spec, task, given, ("embedding",))
