"""One training run in its folder: from where it stands to its end, with its curves."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.training.checkpoint import Keeper
from models.training.curves import write_csv, write_png
from models.training.loop import Run, Task
from models.training.progress import Progress
from models.training.settings import TrainingSettings
from models.training.splits import Split

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Trained:
    """The best network of a run, in evaluation mode, and a row for each of its epochs."""

    network: "nn.Module"
    history: tuple[dict[str, float], ...]


def train(
    task: Task,
    split: Split,
    settings: TrainingSettings,
    told: dict[str, Any],
    folder: Path,
    progress: Progress,
) -> Trained:
    """Trains `task` in `folder`, going on where an earlier run of the same kind was interrupted.

    `told`: what else decides the outcome (network, films, augmentation), as JSON; a run that was
    begun with other such things is not gone on with (`UsageError`). Writes `curves.csv` after each
    epoch and `curves.png` at the end. Raises what `Run.finish` raises.
    """
    keeper = Keeper(folder, {**told, "settings": settings.to_json()})
    run = Run(task, split, settings, keeper)
    network = run.finish(progress, lambda rows: write_csv(rows, folder / "curves.csv"))
    write_png(run.history, folder / "curves.png")
    return Trained(network, tuple(run.history))
