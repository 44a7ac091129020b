"""Inverted grey levels, where the picture is a chest film: there it can be told from the pixels."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View
from models.shrink import shrink

SURE = -0.70
"""At and below this the picture is the negative of a chest film."""

_SIDE = 12
_CONTRAST = 0.03  # standard deviation of the thumbnail: below it hardly anything is shown
_LEFT_HALF = (
    (-21, -16, -14, -7, 13, 42),
    (-20, -2, -5, -16, -8, 16),
    (0, 14, 11, -12, -19, 6),
    (7, 15, 11, -15, -20, 8),
    (-5, 3, 10, -13, -15, 5),
    (-11, -7, 5, -11, -2, 7),
    (-17, -5, 3, -8, 1, 11),
    (-23, -4, 5, -3, 5, 5),
    (-16, -9, 0, 1, 1, 5),
    (-17, -11, -5, 5, 5, 5),
    (-27, 4, 11, 12, 4, 3),
    (-21, 18, 49, 42, 19, 13),
)
# Hundredths, for a thumbnail of mean 0 and length 1; the right half mirrors the left. Fitted by
# ridge regression (penalty 0.01) to be 1 on chest films and 0 on others: 993 adults' films (NLM and
# NIH, the archive's split), 700 children's (Kermany, training part) and 1,318 pictures of other
# kinds, each group of the same weight. There is no constant term, so the negative of a picture has
# the negative value.


def inverted(view: View) -> Finding | None:
    """The picture, made 12 x 12 pixels, is the opposite of a chest film.

    Air beside the neck is dark, spine and abdomen are bright; bone and soft tissue the other way
    round is found nowhere else with this layout. Other films, lateral ones and everything that is
    no film are left alone, since nothing there says for sure which way round they are.

    Value: how much it is like a chest film, about 1 for one, about -1 for its negative.
    """
    if not view.film or min(view.sample.shape) < _SIDE:
        return None
    likeness = _likeness(view)
    if likeness > SURE:
        return None
    return Finding("inverted", "bright where a chest film is dark", likeness, "invert")


def _likeness(view: View) -> float:
    small = shrink(np.ascontiguousarray(view.sample), _SIDE, _SIDE)
    thumbnail = np.asarray(small, np.float64) - float(small.mean())
    length = float(np.linalg.norm(thumbnail))
    if length < _CONTRAST * _SIDE:
        return 0.0
    left = np.array(_LEFT_HALF, np.float64) / 100
    return float((thumbnail * np.hstack([left, left[:, ::-1]])).sum()) / length
