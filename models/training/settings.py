"""How a network is trained: all that decides the outcome, in one frozen object."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from models.errors import UsageError

OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "linear", "steps", "constant")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingSettings:
    """What `models.training.loop` follows.

    `epochs`: passes over the training pictures. `batch`: pictures a step. `optimiser`: adamw, or
    sgd with `momentum` (Nesterov). `learning_rate`: of the new layers; a pretrained trunk's is
    `trunk_rate` times that. `weight_decay`: on weights, never on biases and normalisation.
    `schedule`: how the rate falls after `warm_up` epochs of rising linearly. `label_smoothing`:
    0..1. `class_weights`: exponent on the inverse of a class's frequency; 0 none, 1 all classes
    count alike. `patience`: epochs without a better score on the validation patients after which it
    stops; 0 never. `averaging`: decay a step of the running mean of the weights, which is what is
    kept (0: the last weights themselves). `clip`: longest gradient. `precision`: auto takes
    bfloat16 where the processor has it in hardware. `seed`: of everything that is drawn.
    """

    epochs: int = 12
    batch: int = 32
    optimiser: str = "adamw"
    learning_rate: float = 1.5e-3
    trunk_rate: float = 0.33
    momentum: float = 0.9
    weight_decay: float = 0.02
    schedule: str = "cosine"
    warm_up: float = 1.0
    label_smoothing: float = 0.05
    class_weights: float = 0.5
    dropout: float = 0.2
    patience: int = 0
    averaging: float = 0.99
    clip: float = 5.0
    precision: str = "auto"
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises `UsageError` naming the setting that does not fit."""
        for name, allowed in (
            ("optimiser", OPTIMISERS),
            ("schedule", SCHEDULES),
            ("precision", PRECISIONS),
        ):
            if getattr(self, name) not in allowed:
                raise UsageError(
                    f"{name} is {getattr(self, name)!r}; there are: {', '.join(allowed)}"
                )
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not low <= value <= high:  # nan fits no range
                raise UsageError(f"{name} is {value}; it is a number from {low} to {high}")

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` takes back."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The settings that `to_json` gave, or that a person wrote. Raises `UsageError`."""
        known = {field.name: _KINDS[str(field.type)] for field in fields(cls)}
        for name, value in told.items():
            if name not in known:
                raise UsageError(
                    f"there is no training setting {name!r}; there are: {', '.join(sorted(known))}"
                )
            if not isinstance(value, known[name]) or isinstance(value, bool):
                raise UsageError(f"the training setting {name} is {json.dumps(value)}")
        return cls(**told)


_KINDS: dict[str, tuple[type, ...]] = {
    str(int): (int,),
    str(float): (int, float),
    str(str): (str,),
}

_RANGES: dict[str, tuple[float, float]] = {
    "epochs": (1, 10_000),
    "batch": (1, 4096),
    "learning_rate": (1e-8, 10.0),
    "trunk_rate": (0.0, 1.0),
    "momentum": (0.0, 0.9999),
    "weight_decay": (0.0, 1.0),
    "warm_up": (0.0, 1000.0),
    "label_smoothing": (0.0, 0.9),
    "class_weights": (0.0, 1.0),
    "dropout": (0.0, 0.9),
    "patience": (0, 10_000),
    "averaging": (0.0, 0.99999),
    "clip": (0.001, 1000.0),
    "seed": (0, 2**31 - 1),
}
