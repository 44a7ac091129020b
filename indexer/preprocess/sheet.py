"""A sheet that shows what a chain did: before and after, each with its histogram."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from indexer.preprocess.write import write_result
from indexer.scan import Scan
from indexer.voi import shown
from models.arrays import ByteImage, FloatImage

__all__ = ["before_after_sheet", "write_result"]

_SIDE, _GAP = 480, 24  # pixels: a picture's side, and the space around things
_HEAD, _PLOT, _FOOT = 44, 150, 30  # heights of the title, the histogram and its labels
_PAPER, _INK, _PALE = 255, 40, (225, 225, 225)
_GREY = (110, 110, 110)
_CHANNELS = ((200, 50, 50), (40, 140, 60), (50, 80, 200))
_BINS = 85  # three of 8 bits' levels in each, so that none counts more levels than another


@dataclass(frozen=True, slots=True)
class _Panel:
    """One half of the sheet: a picture in 0..1, its values, and what its ends are called."""

    title: str
    picture: FloatImage
    values: FloatImage  # (n,) or (n, 3), measured ones only
    low: float
    high: float
    low_label: str
    high_label: str


def before_after_sheet(before: Scan, after: Scan) -> ByteImage:
    """Both scans side by side with their histograms: uint8, (h, w, 3), RGB.

    `before` is drawn as its file asks to be shown, its histogram in its own unit, without the
    outermost 0.1 % of values; `after` from black to white. A volume shows its middle slice; its
    histogram counts the whole. Padding is not counted. Bars are clipped at the 98th percentile of
    their heights, so that an empty background does not flatten the rest.
    """
    panels = (_before(before), _after(after))
    return np.hstack([_drawn(panel) for panel in panels])


def _before(scan: Scan) -> _Panel:
    values = _values(scan, scan.pixels)
    low, high = _range(scan, values)
    unit = {"stored": "", "rgb": "", "display": ""}.get(scan.unit, f" {scan.unit}")
    title = f"Before{_slice_text(scan)}"
    low_label, high_label = f"{low:.4g}{unit}", f"{high:.4g}{unit}"
    return _Panel(title, _middle(scan, shown(scan)), values, low, high, low_label, high_label)


def _range(scan: Scan, values: FloatImage) -> tuple[float, float]:
    if scan.colour or scan.unit == "display" or values.size == 0:
        return 0.0, 1.0
    if scan.bits <= 8 and values.min() >= 0 and values.max() <= 255:
        return 0.0, 255.0
    low, high = (float(value) for value in np.percentile(values, [0.1, 99.9]))
    return low, high if high > low else low + 1


def _after(scan: Scan) -> _Panel:
    values = _values(scan, scan.pixels)
    title = f"After{_slice_text(scan)}"
    return _Panel(title, _middle(scan, scan.pixels), values, 0.0, 1.0, "black", "white")


def _slice_text(scan: Scan) -> str:
    depth = len(scan.pixels)
    return f" (slice {depth // 2 + 1} of {depth})" if scan.volume else ""


def _middle(scan: Scan, levels: FloatImage) -> FloatImage:
    return levels[len(levels) // 2] if scan.volume else levels


def _values(scan: Scan, pixels: FloatImage) -> FloatImage:
    measured = pixels[scan.valid] if scan.valid is not None else pixels
    flat = measured.reshape(-1, 3) if scan.colour else measured.reshape(-1)
    finite = np.isfinite(flat)
    return flat[finite.all(axis=-1) if scan.colour else finite]


def _drawn(panel: _Panel) -> ByteImage:
    height = _HEAD + _SIDE + _GAP + _PLOT + _FOOT + _GAP
    canvas = np.full((height, _SIDE + 2 * _GAP, 3), _PAPER, np.uint8)
    _write(canvas, panel.title, (_GAP, _HEAD - 14), 0.7)
    canvas[_HEAD : _HEAD + _SIDE, _GAP : _GAP + _SIDE] = _fitted(panel.picture)
    top = _HEAD + _SIDE + _GAP
    _plot(canvas[top : top + _PLOT, _GAP : _GAP + _SIDE], panel)
    base = top + _PLOT + 20
    _write(canvas, panel.low_label, (_GAP, base), 0.5)
    _write(canvas, "how often each level occurs", (_GAP + _SIDE // 2, base), 0.5, anchor=0.5)
    _write(canvas, panel.high_label, (_GAP + _SIDE, base), 0.5, anchor=1.0)
    return canvas


def _fitted(picture: FloatImage) -> ByteImage:
    factor = _SIDE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * factor)), max(1, round(picture.shape[0] * factor)))
    levels = np.rint(picture.clip(0, 1) * 255).astype(np.uint8)
    # Enlarged pixels keep their edges, so that smoothing is seen to be the chain's.
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_NEAREST
    scaled = np.asarray(cv2.resize(levels, size, interpolation=way))
    square = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    y, x = (_SIDE - scaled.shape[0]) // 2, (_SIDE - scaled.shape[1]) // 2
    square[y : y + scaled.shape[0], x : x + scaled.shape[1]] = (
        scaled if scaled.ndim == 3 else scaled[..., None]
    )
    return square


def _plot(area: NDArray[np.uint8], panel: _Panel) -> None:
    height, width = area.shape[:2]
    for quarter in range(1, 4):
        area[:, quarter * width // 4] = _PALE
    channels = panel.values.T if panel.values.ndim == 2 else panel.values[None]
    span = (panel.low, panel.high)
    counts = [np.histogram(one.astype(float), bins=_BINS, range=span)[0] for one in channels]
    tallest = max(float(np.percentile(one, 98)) for one in counts) or max(
        1.0, *(float(one.max()) for one in counts)
    )
    edges = np.linspace(0, width, _BINS + 1).round().astype(int)
    for number, one in enumerate(counts):
        tops = height - 1 - np.rint(np.minimum(one / tallest, 1) * (height - 2)).astype(int)
        if len(counts) == 1:
            for left, right, top in zip(edges[:-1], edges[1:], tops, strict=True):
                area[top : height - 1, left:right] = _GREY
        else:
            points = np.stack([(edges[:-1] + edges[1:]) // 2, tops], axis=-1).astype(np.int32)
            line = np.ascontiguousarray(area)
            cv2.polylines(line, [points], False, _CHANNELS[number], 2, cv2.LINE_AA)
            area[...] = line
    area[-1] = _INK


def _write(
    canvas: ByteImage, text: str, place: tuple[int, int], size: float, anchor: float = 0.0
) -> None:
    font = cv2.FONT_HERSHEY_SIMPLEX
    (width, _), _ = cv2.getTextSize(text, font, size, 1)
    left = place[0] - round(width * anchor)
    cv2.putText(canvas, text, (left, place[1]), font, size, (_INK,) * 3, 1, cv2.LINE_AA)
