"""Grey levels: none, or hardly any."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View

_RANGE = 1e-3
_FEW_LEVELS = 8


def blank(view: View) -> Finding | None:
    """As it is shown, no two pixels differ by a thousandth. Value: the largest difference."""
    span = float(view.sample.max() - view.sample.min())
    if span >= _RANGE or float(np.ptp(view.grey)) >= _RANGE:
        return None
    return Finding("blank", "every pixel is alike", span)


def few_levels(view: View) -> Finding | None:
    """Fewer than 8 of 256 grey levels. Value: how many."""
    levels = np.bincount((view.sample * 255).astype(np.uint8).ravel())
    count = int(np.count_nonzero(levels))
    if count >= _FEW_LEVELS:
        return None
    return Finding("few_levels", f"hardly any grey levels ({count})", count)
