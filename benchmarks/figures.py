"""What a benchmark measured: figures beside the limits that they should keep, as text and JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("cbir", "numpy", "opencv-python-headless", "openvino", "faiss-cpu", "torch", "pillow")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a figure should be: at least or at most `value`."""

    value: float
    at_least: bool

    def met_by(self, value: float) -> bool:
        """Whether a figure keeps it."""
        return value >= self.value if self.at_least else value <= self.value

    def __str__(self) -> str:
        """As the table shows it."""
        return f"{'>=' if self.at_least else '<='} {self.value:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `limit`: None where nothing is demanded."""

    section: str
    name: str
    value: float
    unit: str
    limit: Limit | None = None

    @property
    def met(self) -> bool | None:
        """Whether it keeps its limit; None if it has none."""
        return None if self.limit is None else self.limit.met_by(self.value)

    def to_json(self) -> dict[str, Any]:
        """As the JSON file has it."""
        target = None if self.limit is None else str(self.limit)
        told = {"section": self.section, "name": self.name, "value": self.value, "unit": self.unit}
        return {**told, "target": target, "met": self.met}


def machine() -> dict[str, Any]:
    """The kind of machine, and the versions that ran."""
    return {
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def table(figures: Sequence[Figure]) -> str:
    """Markdown: a table that reads well in a terminal too."""
    rows = [("", "measure", "value", "unit", "target", "met")]
    section = ""
    for figure in figures:
        limit = "" if figure.limit is None else str(figure.limit)
        met = {None: "", True: "yes", False: "no"}[figure.met]
        shown = figure.section if figure.section != section else ""
        rows.append((shown, figure.name, _shown(figure.value), figure.unit, limit, met))
        section = figure.section
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _shown(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
