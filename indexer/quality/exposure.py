"""Too bright and too dark, as a viewer shows it.

The words are those of pictures. On a radiograph that is shown in the usual way, too much of the
tube's exposure makes the picture too dark.
"""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View

_WHITE, _BLACK = 0.98, 0.02
_WHITE_SHARE, _BRIGHT_MEAN = 0.30, 0.78
_BLACK_SHARE = 0.86
_DARK_TOP = 0.50
_UNSUITED = ("NM", "PT")  # uptake: a few bright spots on nothing are what is expected


def overexposed(view: View) -> Finding | None:
    """More than 30 % white, or a mean above 0.78 of white. Value: the share that is white."""
    if view.scan.header.modality in _UNSUITED:
        return None
    share = float((view.sample >= _WHITE).mean())
    mean = float(view.sample.mean())
    if share <= _WHITE_SHARE and mean <= _BRIGHT_MEAN:
        return None
    sentence = f"{share:.0%} of it is white, and it is {mean:.0%} as bright as can be"
    return Finding("overexposed", sentence, share)


def underexposed(view: View) -> Finding | None:
    """The brightest 2 % start below half of white, or 86 % are black.

    Value: the grey level, range 0..1, above which the brightest 2 % lie.
    """
    if view.scan.header.modality in _UNSUITED:
        return None
    top = float(np.percentile(view.sample, 98))
    share = float((view.sample <= _BLACK).mean())
    if top >= _DARK_TOP and share <= _BLACK_SHARE:
        return None
    sentence = f"{share:.0%} of it is black, and 98 % of it is darker than {top:.2f} of white"
    return Finding("underexposed", sentence, top)
