"""The language of chains: `median:3,clahe:2.0`, as one text or as a list of steps.

A step is `name` or `name:argument,argument`. A comma that is followed by a number, or by one of the
words of `SHAPES`, brings a further argument; a comma that is followed by any other word begins the
next step. So a list and one text with commas mean the same. (The step `gaussian` always has an
argument, so a bare `gaussian` can only be the shape of a frequency filter.)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

from models.errors import UsageError

SHAPES = ("gaussian", "butterworth")
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-z/]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit: "px", "mm", "/px", "/mm", "HU", or "" for none."""

    value: float
    unit: str = ""

    def __str__(self) -> str:
        """As it is written in a chain."""
        return f"{self.value!r}".removesuffix(".0") + self.unit


Argument = Quantity | str


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a step takes in one place: a number with its units and range, or one of some words.

    `units`: those that are allowed; the first is meant where none is written. `low`, `high`: the
    range, ends included. `grain`: "whole" for whole numbers, "odd" for odd ones where the unit is
    "px". `default`: the text that is read where the argument is missing; None: it must be given.
    """

    name: str
    default: str | None = None
    units: tuple[str, ...] = ("",)
    low: float = -inf
    high: float = inf
    grain: Literal["any", "whole", "odd"] = "any"
    words: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """What is allowed here, as a clause for a message."""
        if self.words:
            return f"{self.name} is one of: {', '.join(self.words)}"
        kinds = {"any": "a number", "whole": "a whole number", "odd": "a number, odd in px,"}
        kind = kinds[self.grain]
        ends = "" if self.low == -inf else f" from {self.low:g} to {self.high:g}"
        units = " or ".join(unit or "no unit" for unit in self.units)
        return f"{self.name} is {kind}{ends} ({units})"

    def read(self, text: str) -> Argument | None:
        """The argument that `text` stands for, or None where it breaks the rule."""
        if self.words:
            return text.lower() if text.lower() in self.words else None
        match = _NUMBER.fullmatch(text)
        if match is None:
            return None
        named = {unit.lower(): unit for unit in self.units} | {"": self.units[0]}
        value, unit = float(match[1]), named.get(match[2].lower())
        if unit is None or not self.low <= value <= self.high:
            return None
        if self.grain == "whole" and value % 1 != 0:
            return None
        if self.grain == "odd" and unit == "px" and value % 2 != 1:
            return None
        return Quantity(value, unit)


@dataclass(frozen=True, slots=True)
class StepKind:
    """A line of the table of steps.

    `function`: "module:function", called with a Scan and the arguments. `windowing`: it brings
    values to 0..1. `needs_display`: it works on 0..1 only. `takes_mask`: it is handed the mask.
    `reshapes`: what it gives has other rows and columns.
    `check`: given the arguments, the rule between them that they break, or "".
    """

    function: str
    meaning: str
    parameters: tuple[Parameter, ...] = ()
    windowing: bool = False
    needs_display: bool = False
    takes_mask: bool = False
    reshapes: bool = False
    check: Callable[[tuple[Argument, ...]], str] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain, every argument present. `str(step)` is the text that it is read from."""

    name: str
    arguments: tuple[Argument, ...] = ()

    def __str__(self) -> str:
        """The step in full, defaults and units written out: what an index's identity holds."""
        arguments = ",".join(str(argument) for argument in self.arguments)
        return f"{self.name}:{arguments}" if arguments else self.name


def split(text: str) -> list[str]:
    """One text of steps, cut into the text of each step."""
    steps: list[str] = []
    for item in (part.strip() for part in text.split(",")):
        further = not item[:1].isalpha() or item.lower() in SHAPES
        if steps and item and further:
            steps[-1] += f",{item}"
        elif item:
            steps.append(item)
    return steps


def parse(texts: Sequence[str] | str, kinds: Mapping[str, StepKind]) -> tuple[Step, ...]:
    """The steps that `texts` stand for, in order; see `indexer.preprocess.parse_chain`."""
    if not isinstance(texts, str):
        for text in texts:
            if not isinstance(text, str):
                raise UsageError(f"a chain is a list of texts, and {text!r} is none; write 'voi'")
    whole = texts if isinstance(texts, str) else ",".join(texts)
    return tuple(_step(text, kinds) for text in split(whole))


def _step(text: str, kinds: Mapping[str, StepKind]) -> Step:
    name, colon, rest = (part.strip() for part in text.partition(":"))
    name = name.lower()
    if name not in kinds:
        raise UsageError(f"there is no step {name!r} ({text!r}); there are: {', '.join(kinds)}")
    kind = kinds[name]
    given = [item.strip() for item in rest.split(",")] if colon else []
    if len(given) > len(kind.parameters):
        surplus = ",".join(given[len(kind.parameters) :])
        raise UsageError(f"step {text!r}: nothing takes {surplus!r}; {usage(name, kind)}")
    arguments = tuple(
        _argument(text, name, kind, parameter, given[i] if i < len(given) else parameter.default)
        for i, parameter in enumerate(kind.parameters)
    )
    broken = kind.check(arguments) if kind.check else ""
    if broken:
        raise UsageError(f"step {text!r}: {broken}; {usage(name, kind)}")
    return Step(name, arguments)


def _argument(
    text: str, name: str, kind: StepKind, parameter: Parameter, given: str | None
) -> Argument:
    if given is None:
        raise UsageError(f"step {text!r}: {parameter.name} is missing; {usage(name, kind)}")
    argument = parameter.read(given)
    if argument is None:
        raise UsageError(f"step {text!r}: {given!r} does not fit, {parameter.rule}")
    return argument


def usage(name: str, kind: StepKind) -> str:
    """How the step is written, e.g. ``write clahe[:limit[,tiles]]``."""
    text = name
    optional = 0
    for place, parameter in enumerate(kind.parameters):
        text += "" if parameter.default is None else "["
        text += f"{',' if place else ':'}{parameter.name}"
        optional += parameter.default is not None
    return f"write {text}{']' * optional}"
