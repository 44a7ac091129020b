"""Deletion and insertion: how a score falls as places are taken out, and rises as they come back.

Petsiuk, Das and Saenko 2018, RISE: a map that marks what counts makes the score fall early, so the
area under its deletion curve is small, and that under its insertion curve large.
"""

from collections.abc import Callable

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.measures.predictions import Numbers
from models.saliency.removal import Places, blurred, first_of, mixed

Score = Callable[[ByteImage], FloatImage]
"""Scores (n,) of pictures, uint8 (n, size, size, 3)."""


def steps_of(places: int, steps: int) -> Places:
    """How many of `places` are taken out at each of `steps` + 1 points, from none to all."""
    return np.rint(np.linspace(0, places, steps + 1)).astype(np.intp)


def deletion(
    picture: ByteImage, order: Places, shape: tuple[int, int], score: Score, steps: int
) -> Numbers:
    """Scores as the places of `order` are blurred, in that order: float64 (steps + 1,)."""
    return _curve(picture, blurred(picture, shape[0]), order, shape, score, steps)


def insertion(
    picture: ByteImage, order: Places, shape: tuple[int, int], score: Score, steps: int
) -> Numbers:
    """Scores as the places of `order` come back into the blurred picture: float64 (steps + 1,)."""
    return _curve(blurred(picture, shape[0]), picture, order, shape, score, steps)


def _curve(
    first: ByteImage,
    second: ByteImage,
    order: Places,
    shape: tuple[int, int],
    score: Score,
    steps: int,
) -> Numbers:
    taken = [first_of(order, int(count), shape) for count in steps_of(len(order), steps)]
    return np.asarray(score(np.stack([mixed(first, second, one) for one in taken])), np.float64)


def area(curve: Numbers) -> float:
    """The area under a curve over shares from 0 to 1: its mean, by the trapezoid rule."""
    return float((curve[1:] + curve[:-1]).mean() / 2)
