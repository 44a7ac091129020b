"""A run's curves: a CSV for programs, a PNG for people."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from models.files import write_whole


def write_csv(history: Sequence[dict[str, float]], path: Path) -> None:
    """One row an epoch. Raises `CannotWrite`."""
    names = list(dict.fromkeys(name for row in history for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(history)
    write_whole(path, text.getvalue().encode())


def write_png(history: Sequence[dict[str, float]], path: Path) -> None:
    """The loss, and beside it the scores on the validation patients. Raises `CannotWrite`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], color="#3465a4")
    left.set(title="Loss on the training films", xlabel="epoch")
    named = [n for n in history[0] if n not in ("epoch", "loss", "rate", "seconds", "score")]
    for name in named if history else ():
        right.plot(epochs, [row.get(name) for row in history], label=name.replace("_", " "))
    right.set(title="Scores on the validation patients", xlabel="epoch")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110, metadata={"Software": None})
    write_whole(path, drawn.getvalue())
