"""Curves over k as points of an SVG, which a template draws: no library, no script."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 14, 8, 22
_COLOURS = (
    "#7fb4e6",
    "#e69f00",
    "#56c49a",
    "#e07a5f",
    "#cc79a7",
    "#b8a9e0",
    "#8a8f98",
    "#5f646d",
    "#d8d27a",
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A name, and values 0..1 at k = 1, 2, ..."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A curve as it is drawn: `points` of an SVG polyline."""

    name: str
    colour: str
    points: str
    width: float


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines in a frame. `across`, `up`: marks on the axes, (place, text)."""

    title: str
    lines: tuple[Line, ...]
    across: tuple[tuple[float, str], ...]
    up: tuple[tuple[float, str], ...]


def plot_of(title: str, curves: Sequence[Curve]) -> Plot:
    """The curves in one frame, from 0 to 1; the first one stands out."""
    longest = max([2, *(len(curve.values) for curve in curves)])
    lines = tuple(
        Line(
            curve.name,
            _COLOURS[place % len(_COLOURS)],
            " ".join(
                f"{_x(k, longest):.1f},{_y(value):.1f}" for k, value in enumerate(curve.values, 1)
            ),
            2.4 if place == 0 else 1.2,
        )
        for place, curve in enumerate(curves)
    )
    marks = [k for k in (1, 10, 25, 50, 75, 100) if k <= longest]
    return Plot(
        title,
        lines,
        tuple((_x(k, longest), str(k)) for k in marks),
        tuple((_y(value), f"{value:g}") for value in (0.0, 0.25, 0.5, 0.75, 1.0)),
    )


def _x(k: int, longest: int) -> float:
    return _LEFT + (k - 1) / (longest - 1) * (WIDTH - _LEFT - _RIGHT)


def _y(value: float) -> float:
    return _TOP + (1 - value) * (HEIGHT - _TOP - _BOTTOM)
