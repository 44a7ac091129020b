"""The two lungs of a frontal chest film, out of one mask.

On PA and AP films the patient faces the reader: the patient's right lung is on the film's left.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.arrays import Mask

_PIECE = 0.1  # of all that was found: smaller pieces are no lung
_JOINED = 0.5  # of the film's width: one piece as wide as this is both lungs grown together
_LEAST = 0.01  # of the film: less than this is not a lung


@dataclass(frozen=True, slots=True)
class Lungs:
    """Masks of each lung, bool (H, W), from the patient's point of view; None: not found."""

    right: Mask | None
    left: Mask | None


def lungs_of(mask: Mask) -> Lungs:
    """The two lungs of a mask, bool (H, W).

    Two pieces or more are parted half-way between the centres of the two largest. A single piece
    is parted at its narrowest column if it reaches over half of the film, and else is the lung of
    that half of the film in which its centre lies.
    """
    pieces = _pieces(mask)
    if not pieces:
        return Lungs(None, None)
    whole = np.logical_or.reduce(pieces)
    if len(pieces) > 1:
        largest = sorted(pieces, key=lambda piece: -int(piece.sum()))[:2]
        middle = (_centre(largest[0]) + _centre(largest[1])) / 2
        sides = [_centre(piece) < middle for piece in pieces]
        return Lungs(
            _lung([p for p, film_left in zip(pieces, sides, strict=True) if film_left]),
            _lung([p for p, film_left in zip(pieces, sides, strict=True) if not film_left]),
        )
    columns = np.flatnonzero(whole.any(axis=0))
    if columns[-1] - columns[0] + 1 >= _JOINED * mask.shape[1]:
        at = _narrowest(whole, columns)
        across = np.arange(mask.shape[1])
        return Lungs(_lung([whole & (across < at)]), _lung([whole & (across >= at)]))
    film_left = _centre(whole) < mask.shape[1] / 2
    return Lungs(_lung([whole]), None) if film_left else Lungs(None, _lung([whole]))


def _pieces(mask: Mask) -> list[Mask]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    least = _PIECE * int(mask.sum())
    return [
        np.asarray(labels == number)
        for number in range(1, count)
        if stats[number, cv2.CC_STAT_AREA] >= least
    ]


def _lung(pieces: list[Mask]) -> Mask | None:
    if not pieces:
        return None
    lung: Mask = np.logical_or.reduce(pieces)
    return lung if lung.mean() >= _LEAST else None


def _centre(mask: Mask) -> float:
    """The column of its centre of mass."""
    columns = mask.sum(axis=0)
    return float((columns * np.arange(len(columns))).sum() / columns.sum())


def _narrowest(mask: Mask, columns: NDArray[np.intp]) -> int:
    """The column, in the middle third of the mask, in which it has fewest pixels."""
    start, width = int(columns[0]), int(columns[-1] - columns[0]) + 1
    inner = mask[:, start + width // 3 : start + 2 * width // 3].sum(axis=0)
    return start + width // 3 + int(inner.argmin())
