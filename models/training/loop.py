"""The training loop: one for every task.

Every step is drawn from the seed, the epoch and its number alone. So a run that was interrupted
anywhere and goes on gives the same network, bit for bit, as one that was not.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from models.errors import UsageError
from models.heads.leave_out import Indices
from models.training import checkpoint
from models.training.averaging import Averaged
from models.training.batches import Batch, Batches
from models.training.checkpoint import Keeper, Standing
from models.training.optimise import optimiser_of, parts_of, training_mode
from models.training.progress import Progress
from models.training.schedule import factor
from models.training.settings import TrainingSettings
from models.training.splits import Split

SAVED_EVERY_S = 60.0


Watch = Callable[[list[dict[str, float]]], None]
"""Is told the rows of all finished epochs, after each."""


class Task(Protocol):
    """What is learned."""

    network: nn.Module
    batches: Batches

    def loss(self, batch: Batch) -> Tensor:
        """The loss of one batch, a scalar, by the network as it is."""
        ...

    def scores(self, network: nn.Module, rows: Indices) -> Mapping[str, float]:
        """How good a network is on films of these rows; `score` is to become large."""
        ...


class Run:
    """One training run, from where it stands to its end."""

    def __init__(
        self, task: Task, split: Split, settings: TrainingSettings, keeper: Keeper
    ) -> None:
        """Loads nothing yet."""
        self._task, self._split, self._settings, self._keeper = task, split, settings, keeper
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        task.network.to(self._device).to(memory_format=torch.channels_last)
        self._optimiser = optimiser_of(task.network, settings)
        self._rates = [group["lr"] for group in self._optimiser.param_groups]
        self._averaged = Averaged(task.network, settings.averaging)
        self._standing = Standing()
        self._saved = time.monotonic()

    @property
    def history(self) -> list[dict[str, float]]:
        """A row for each finished epoch."""
        return self._standing.history

    def finish(self, progress: Progress, watch: Watch) -> nn.Module:
        """Trains to the end, or to where it no longer gets better; gives the best network.

        Raises `UsageError` if memory runs out or the loss is no number, `ModelUnusable` for a
        damaged checkpoint, `CannotWrite`.
        """
        self._go_on()
        settings, standing = self._settings, self._standing
        steps = self._steps
        with _memory_named(settings):
            while not standing.finished:
                self._epoch(progress, settings.epochs * steps)
                watch(standing.history)
        progress("train", settings.epochs * steps, settings.epochs * steps)
        checkpoint.fill(self._averaged.network, self._keeper.best())
        return self._averaged.network.eval()

    @property
    def _steps(self) -> int:
        return max(1, len(self._split.train) // self._settings.batch)

    def _go_on(self) -> None:
        kept = self._keeper.load()
        if kept is None:
            return
        self._standing, tensors = kept
        checkpoint.fill(self._task.network, checkpoint.under("network", tensors))
        checkpoint.fill(self._averaged.network, checkpoint.under("averaged", tensors))
        checkpoint.fill_optimiser(self._optimiser, checkpoint.under("optimiser", tensors))

    def _epoch(self, progress: Progress, total: int) -> None:
        standing, settings = self._standing, self._settings
        began = time.monotonic()
        order = self._task.batches.order(self._split.train, standing.epoch, settings.seed)
        training_mode(self._task.network)
        for number in range(standing.step, self._steps):
            rows = order[number * settings.batch : (number + 1) * settings.batch]
            standing.loss_sum += self._step(rows)
            standing.step, standing.steps = number + 1, standing.steps + 1
            progress("train", standing.steps, total)
            if time.monotonic() - self._saved > SAVED_EVERY_S:
                standing.seconds += time.monotonic() - began
                began = time.monotonic()
                self._save()
        self._close_epoch(began)

    def _step(self, rows: Indices) -> float:
        standing, settings = self._standing, self._settings
        now = standing.epoch + standing.step / self._steps
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor(settings, now)
        batch = self._task.batches.changed(rows, _seed(settings.seed, standing.steps))
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._narrow):
            loss = self._task.loss(_moved(batch, self._device))
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for alone in parts_of(self._task.network):
            nn.utils.clip_grad_norm_(alone, settings.clip)
        value = loss.item()
        if not math.isfinite(value):
            raise UsageError(
                f"the loss is {value} in epoch {standing.epoch + 1}: the learning rate "
                f"{settings.learning_rate:g} is too high; try a tenth of it"
            )
        self._optimiser.step()
        self._averaged.follow(self._task.network, standing.steps)
        return value

    def _close_epoch(self, began: float) -> None:
        standing, settings = self._standing, self._settings
        told = dict(self._task.scores(self._averaged.network.eval(), self._split.validation))
        better = standing.best is None or told["score"] > standing.best
        if better:
            standing.best, standing.best_epoch = told["score"], standing.epoch
        standing.seconds += time.monotonic() - began
        row = {
            "epoch": standing.epoch + 1,
            "loss": standing.loss_sum / self._steps,
            "rate": settings.learning_rate * factor(settings, standing.epoch + 1),
            **told,
            "seconds": round(standing.seconds, 1),
        }
        standing.history.append(row)
        standing.epoch, standing.step, standing.loss_sum = standing.epoch + 1, 0, 0.0
        waited = standing.epoch - 1 - standing.best_epoch
        standing.finished = standing.epoch >= settings.epochs or (
            settings.patience > 0 and waited >= settings.patience
        )
        self._save(better)

    def _save(self, better: bool = False) -> None:
        averaged = self._averaged.network.state_dict()
        tensors = (
            checkpoint.prefixed("network", self._task.network.state_dict())
            | checkpoint.prefixed("averaged", averaged)
            | checkpoint.prefixed("optimiser", checkpoint.optimiser_tensors(self._optimiser))
        )
        self._keeper.save(self._standing, tensors, dict(averaged) if better else None)
        self._saved = time.monotonic()

    @property
    def _narrow(self) -> bool:
        """Whether to compute in bfloat16: asked for, or in the processor's hardware."""
        if self._settings.precision != "auto":
            return self._settings.precision == "bfloat16"
        if self._device.type == "cuda":
            return bool(torch.cuda.is_bf16_supported())
        return bool(torch.cpu._is_amx_tile_supported())


def _seed(seed: int, step: int) -> int:
    """A seed of a step's own."""
    return (seed * 1_000_003 + step * 7919 + 12345) % (2**63)


def _moved(batch: Batch, device: torch.device) -> Batch:
    if device.type == "cpu":
        return batch
    masks = None if batch.masks is None else batch.masks.to(device)
    return Batch(batch.pictures.to(device), batch.rows, masks)


@contextmanager
def _memory_named(settings: TrainingSettings) -> Iterator[None]:
    """Turns what torch says of exhausted memory into a sentence."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        told: Any = str(error)
        if isinstance(error, MemoryError) or "allocate memory" in told or "out of memory" in told:
            raise UsageError(
                f"there is not enough memory for batches of {settings.batch}; take a smaller "
                "--batch or --size"
            ) from error
        raise
