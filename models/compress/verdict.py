"""Whether a model that was made smaller may be kept."""

import math

import numpy as np

from models.compress.contract import Form, Measured
from models.heads.leave_out import Indices

_EXACT = 1e-9  # a loss of the limit itself, in floating point


def refusal(form: Form, how: str, before: Measured, after: Measured, limit: float) -> str:
    """The sentence that refuses it, naming what fell furthest below the limit; "" if it is kept.

    A gain in one figure makes up for no loss in another; a figure that can no longer be told is a
    loss.
    """
    losses = {
        name: math.inf if math.isnan(after.right[name]) else value - after.right[name]
        for name, value in before.right.items()
        if not math.isnan(value)
    }
    if not losses:
        return (
            f"{form.spec.name!r}, {how}, is refused and not written: no figure could be told "
            "before, so nobody knows what it loses; measure on an archive in which labels recur"
        )
    worst = max(losses, key=lambda name: losses[name])
    if losses[worst] <= limit + _EXACT:
        return ""
    was, now = before.right[worst], after.right[worst]
    return (
        f"{form.spec.name!r}, {how}, is refused and not written: it loses {losses[worst]:.4f} of "
        f"{worst} ({was:.4f} before, {now:.4f} after), and the limit is {limit:g}. Take a milder "
        "method, measure on more films, or allow more with --limit"
    )


def coarseness(kind: str, labels: Indices, limit: float) -> str:
    """A remark if a single film of those that measure, with these labels, counts for more than
    the limit; "" if not, or for a segmenter, where each film's overlap is a finer measure.
    """
    if kind == "segmenter":
        return ""
    counts = np.unique(labels, return_counts=True)[1]
    share, what = 1 / len(labels), "P@1"
    if kind == "classifier":
        share, what = 1 / (int(counts.min()) * len(counts)), "balanced accuracy"
    if share <= limit:
        return ""
    return (
        f"one film counts for {share:.3f} of {what} here, more than the limit of {limit:g}: "
        "measure on more films to be surer"
    )
