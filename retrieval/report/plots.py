"""The plots of a training report, as PNG. They need matplotlib, which the extra `train` brings."""

import io
from typing import TYPE_CHECKING

import numpy as np

from models.measures import calibration
from models.measures.findings import NamedFindings
from models.measures.predictions import Predictions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666")


def roc(systems: dict[str, Predictions]) -> bytes:
    """For each class against the others, the ROC curve of every system that is not constant."""
    from sklearn.metrics import roc_curve

    classes = next(iter(systems.values())).classes
    figure = _figure(3.4 * len(classes), 3.4)
    for place, (axes, name) in enumerate(zip(_row(figure, len(classes)), classes, strict=True)):
        for colour, (system, told) in zip(_COLOURS, systems.items(), strict=False):
            scores = told.probabilities[:, place]
            truth = told.truth == place
            if truth.all() or not truth.any() or np.ptp(scores) == 0:
                continue
            wrong, right, _ = roc_curve(truth, scores)
            axes.plot(wrong, right, color=colour, label=system)
        axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
        axes.set(title=name, xlabel="other films called so", aspect="equal")
    figure.axes[0].set_ylabel("its films called so")
    figure.axes[-1].legend(frameon=False, fontsize=8, loc="lower right")
    return _png(figure)


def roc_of_findings(named: NamedFindings) -> bytes:
    """The ROC curve of each finding that some of the films have and others have not."""
    from sklearn.metrics import roc_curve

    figure = _figure(6.4, 4.2)
    (axes,) = _row(figure, 1)
    for place, name in enumerate(named.names):
        rows = named.known[:, place]
        truth = named.present[rows, place]
        if not truth.any() or truth.all():
            continue
        wrong, right, _ = roc_curve(truth, named.scores[rows, place])
        style = "-" if place < len(_COLOURS) else "--"
        axes.plot(wrong, right, style, color=_COLOURS[place % len(_COLOURS)], label=name)
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.set(xlabel="films without it said to have it", ylabel="films with it said to have it")
    axes.set(aspect="equal")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.02, 0.5))
    return _png(figure)


def reliability(told: Predictions) -> bytes:
    """How probable an answer was, and how often such answers were right."""
    figure = _figure(3.4, 3.4)
    (axes,) = _row(figure, 1)
    bins = calibration.report(told).bins
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=0.8)
    axes.plot([b.probability for b in bins], [b.accuracy for b in bins], "o-", color=_COLOURS[0])
    axes.set(xlabel="probability that it gave", ylabel="share that was right", aspect="equal")
    axes.set(title="Do its probabilities hold?", xlim=(0, 1.02), ylim=(0, 1.02))
    return _png(figure)


def spread(values: dict[str, list[float]], title: str) -> bytes:
    """How figures of single films are spread, for each source."""
    figure = _figure(6.0, 3.0)
    (axes,) = _row(figure, 1)
    for colour, (name, told) in zip(_COLOURS, values.items(), strict=False):
        ordered = np.sort(np.array(told))
        share = np.arange(1, len(ordered) + 1) / len(ordered)
        axes.step(ordered, share, where="post", color=colour, label=name)
    axes.set(title=title, ylabel="share of films at most")
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    return _png(figure)


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _row(figure: "Figure", count: int) -> list:  # type: ignore[type-arg]
    axes = [figure.add_subplot(1, count, place + 1) for place in range(count)]
    for one in axes:
        one.grid(alpha=0.25)
        one.spines[["top", "right"]].set_visible(False)
    return axes


def _png(figure: "Figure") -> bytes:
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=110, metadata={"Software": None})
    return drawn.getvalue()
