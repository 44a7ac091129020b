"""Deletion and insertion curves as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from benchmarks.why import Measured

_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#777777",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
    "#000000",
)
"""Of Okabe and Ito 2008, which the colour-blind can tell apart."""


def draw(found: Sequence["Measured"], target: Path, score: str) -> None:
    """A row for each side: deletion, then insertion; mean curves over pairs. `score`: its name."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        len(found), 2, figsize=(9, 3.6 * len(found)), squeeze=False, sharey=True
    )
    for row, one in zip(axes, found, strict=True):
        for axis, kind in zip(row, ("deletion", "insertion"), strict=True):
            for curves, colour in zip(one.curves, _COLOURS, strict=False):
                mean = getattr(curves, kind).mean(axis=0)
                shares = np.linspace(0, 1, len(mean))
                line = "--" if curves.name == "random" else "-"
                axis.plot(shares, mean, line, color=colour, label=curves.name, linewidth=1.6)
            done = "blurred" if kind == "deletion" else "shown"
            axis.set_title(f"{kind}, places of the {one.side} ({len(one.patients)} pairs)")
            axis.set_xlabel(f"share of the places {done}")
        row[0].set_ylabel(score)
        row[0].legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(target, dpi=100)
    plt.close(figure)
