"""The same place on two films: by the boxes of their regions, or by their frames."""

import numpy as np

from models.arrays import FloatImage, Mask
from models.augmenting import Film
from models.augmenting.warp import Matrix
from models.errors import UsageError

STRETCH = 1.4  # most that a film's contrast is raised to match another's; at 2, lungs turned black
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels; the latter two just beyond."""


def box_of(mask: Mask) -> Box:
    """The smallest box around a mask that is not empty."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def boxes(film: Film, partner: Film) -> tuple[Box, Box, bool]:
    """What lies in the same place on both, and whether it is their regions or their frames."""
    known = [one.region is not None and bool(one.region.any()) for one in (film, partner)]
    if film.region is not None and partner.region is not None and all(known):
        return box_of(film.region), box_of(partner.region), True
    return frame(film), frame(partner), False


def frame(film: Film) -> Box:
    """The whole film."""
    return 0.0, 0.0, float(film.shape[1]), float(film.shape[0])


def onto(source: Box, target: Box) -> Matrix:
    """The map that lays one box on the other, each side stretched by itself."""
    across = (target[2] - target[0]) / (source[2] - source[0])
    down = (target[3] - target[1]) / (source[3] - source[1])
    # Pixel centres lie half a pixel inside of the box's corner.
    left = target[0] - across * source[0] + (across - 1) / 2
    top = target[1] - down * source[1] + (down - 1) / 2
    return np.array([[across, 0.0, left], [0.0, down, top]])


def check_alike(film: Film, partner: Film | None) -> Film:
    """The partner. Raises `UsageError` unless both are grey or both are coloured."""
    if partner is None:
        raise ValueError("this way takes two films")
    if film.colour != partner.colour:
        raise UsageError("one film is grey and the other is coloured")
    return partner


def levelled(
    pixels: FloatImage, like: FloatImage, there: Mask | None, here: Mask | None
) -> FloatImage:
    """`pixels` with the mean and deviation that `like` has, lest a seam be seen.

    `there`: where they are taken in `pixels`, `here`: in `like`; None or empty: everywhere.
    """
    own = pixels if there is None or not there.any() else pixels[there]
    wanted = like if here is None or not here.any() else like[here]
    spread = float(own.std())
    factor = float(np.clip(wanted.std() / spread, 1 / STRETCH, STRETCH)) if spread > 1e-4 else 1.0
    return np.asarray(((pixels - own.mean()) * factor + wanted.mean()).clip(0, 1), np.float32)
