"""Which part of a scan's picture was shown and which the encoder saw, in the scan's own pixels.

Borders are cut off, and a segmenter's box is cut out, before a picture is described. So that a
place in what was described is a place in the scan again, both boxes are kept.
"""

from collections.abc import Sequence

from indexer.preprocess import Step
from indexer.preprocess.mend import cut_off

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

Frame = tuple[int, ...]
"""Eight numbers: the `Box` of what is shown (the preview), then that of what the encoder saw."""


def frame_of(shape: Sequence[int], cuts: Sequence[Step], taken: tuple[slice, ...] | None) -> Frame:
    """The frame of a picture of `shape` (rows, columns), after `cuts`, of which `taken` was used.

    `taken`: rows and columns of what was left; None for all of it.
    """
    top, left = 0, 0
    bottom, right = shape
    for step in cuts:
        above, below, before, after = cut_off(step)
        top, bottom, left, right = top + above, bottom - below, left + before, right - after
    shown = (left, top, right - left, bottom - top)
    if taken is None:
        return shown + shown
    down, across = taken
    return (
        *shown,
        *(left + across.start, top + down.start),
        *(across.stop - across.start, down.stop - down.start),
    )


def box_of(frame: Frame, shown: bool) -> Box:
    """The box of what is shown, or of what the encoder saw."""
    left, top, width, height = frame[:4] if shown else frame[4:]
    return left, top, width, height
