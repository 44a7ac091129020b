"""How the file asks to be shown: VOI table or window (PS3.3 C.11.2), MONOCHROME1."""

from typing import get_args

import numpy as np
from pydicom.dataset import Dataset

from indexer.read.dicom.grey import Modality, table_of
from indexer.read.dicom.groups import Groups
from indexer.read.dicom.shape import Shape
from indexer.read.dicom.values import items, number, text
from indexer.scan import Voi, VoiFunction

_LABELS = {"SEG"}  # values are numbers of things, not brightness


def voi_of(groups: Groups, modality: Modality, shape: Shape, frame: int = 0) -> Voi | None:
    """The first table, else the first window, else the full range of plain 8-bit pixels, or None.

    Both may be there as alternatives; a table is made for the one image, so it goes first.
    """
    holder = groups.holder(frame, "FrameVOILUTSequence")
    for item in items(holder, "VOILUTSequence"):
        signed = shape.signed or modality.intercept < 0
        table = table_of(item, signed)
        if table is not None:
            # C.11.2.1.1: the output is 0..2^bits - 1, where bits stands in the descriptor
            shade = (table.values / (2.0**table.bits - 1)).astype(np.float32)
            return Voi(0.0, 0.0, table=np.minimum(shade, np.float32(1)), first=float(table.first))
    return _window(holder) or _display_range(holder, modality, shape)


def _window(holder: Dataset) -> Voi | None:
    centre, width = number(holder, "WindowCenter"), number(holder, "WindowWidth")
    if centre is None or width is None or width <= 0:
        return None
    function = _function(text(holder, "VOILUTFunction").upper())
    if function == "LINEAR" and width < 1:  # illegal, but meant: values of small range
        function = "LINEAR_EXACT"
    return Voi(centre, width, function)


def _function(said: str) -> VoiFunction:
    for known in get_args(VoiFunction):
        if said == known:
            return known  # type: ignore[no-any-return]
    return "LINEAR"


def _display_range(dataset: Dataset, modality: Modality, shape: Shape) -> Voi | None:
    """Plain unsigned 8-bit pixels were made to be looked at as they are."""
    eight = shape.bits_stored == 8 and not shape.signed
    if eight and modality.plain and text(dataset, "Modality").upper() not in _LABELS:
        return Voi(127.5, 255.0, "LINEAR_EXACT")
    return None
