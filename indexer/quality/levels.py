"""Grey levels: none, or hardly any."""

import numpy as np

from indexer.quality.finding import Finding
from indexer.quality.view import View

_RANGE = 1e-3
_FEW_LEVELS = 8


def blank(view: View) -> Finding | None:
    """As it is shown, no two pixels differ by a thousandth. Value: the largest difference."""
    if np.count_nonzero(view.counts) > 2:
        return None
    span = float(np.ptp(view.grey))
    if span >= _RANGE:
        return None
    return Finding("blank", "every pixel is alike", span)


def few_levels(view: View) -> Finding | None:
    """Fewer than 8 of 256 grey levels. Value: how many."""
    count = int(np.count_nonzero(view.counts))
    if count >= _FEW_LEVELS:
        return None
    return Finding("few_levels", f"hardly any grey levels ({count})", count)
