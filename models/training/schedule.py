"""The learning rate over a training run, as a factor on the highest."""

import math
from collections.abc import Callable

from models.training.settings import TrainingSettings

_LAST = 0.01
"""What is left of the rate at the end of `cosine` and `linear`."""


def factor(settings: TrainingSettings, epoch: float) -> float:
    """0..1 at a time in epochs, from 0 to `settings.epochs`.

    It rises linearly over `warm_up` epochs. Then: cosine (Loshchilov 2017) or linear down to a
    hundredth, by ten at a half and at three quarters (steps), or not at all (constant).
    """
    warm_up = min(settings.warm_up, settings.epochs / 2)
    if epoch < warm_up:
        return max(_LAST, epoch / warm_up)
    done = min(1.0, (epoch - warm_up) / max(1e-9, settings.epochs - warm_up))
    return _FALLS[settings.schedule](done)


def _cosine(done: float) -> float:
    return _LAST + (1 - _LAST) * (1 + math.cos(math.pi * done)) / 2


def _linear(done: float) -> float:
    return 1 - (1 - _LAST) * done


def _steps(done: float) -> float:
    return 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01


def _constant(done: float) -> float:
    return 1.0


_FALLS: dict[str, Callable[[float], float]] = {
    "cosine": _cosine,
    "linear": _linear,
    "steps": _steps,
    "constant": _constant,
}
