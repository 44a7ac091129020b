"""Too bright and too dark, as a viewer shows it.

The words are those of pictures. On a radiograph that is shown in the usual way, too much of the
tube's exposure makes the picture too dark. Only pictures are looked at: in CT, MR and ultrasound
the window and the gain decide, and most of a slice may well be black.
"""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View
from models.arrays import FloatImage

_WHITE, _BLACK = 250, 5  # of 255 levels: at and above, at and below
_WHITE_SHARE, _BRIGHT_MEAN = 0.30, 0.78
_BLACK_SHARE = 0.86
_DARK_TOP = 0.50


def overexposed(view: View) -> Finding | None:
    """More than 30 % white, or a mean above 0.78 of white. Value: the share that is white."""
    if not view.picture:
        return None
    share = view.share(_WHITE, 255)
    mean = float(view.sample.mean())
    if share <= _WHITE_SHARE and mean <= _BRIGHT_MEAN:
        return None
    sentence = f"{share:.0%} of it is white, and on average it is {mean:.0%} as bright as can be"
    return Finding("overexposed", sentence, share)


def underexposed(view: View) -> Finding | None:
    """The brightest 2 % start below half of white, or 86 % are black.

    Of colours the brightest channel counts: a red picture is not dark. Value: the level, range
    0..1, above which the brightest 2 % lie.
    """
    if not view.picture:
        return None
    share, top = view.share(0, _BLACK), view.level(98)
    if view.scan.colour:
        top = float(np.percentile(_brightest(view), 98))
    if top >= _DARK_TOP and share <= _BLACK_SHARE:
        return None
    sentence = f"{share:.0%} of it is black, and 98 % of it is darker than {top:.2f} of white"
    return Finding("underexposed", sentence, top)


def _brightest(view: View) -> FloatImage:
    height, width = view.values.shape[:2]
    return np.asarray(view.values[:: max(1, height // 128), :: max(1, width // 128)].max(axis=-1))
