"""Filters in the frequency domain: low-pass, high-pass, band-pass; Gaussian or Butterworth.

Cut-offs are in cycles per pixel (0.5 is the finest that a grid holds) or per mm. A picture is
filtered in its two axes, a volume in three; colour channel by channel.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from indexer.preprocess.grammar import Quantity
from indexer.preprocess.neighbourhood import is_sequence, spacing_of
from indexer.scan import Scan
from models.arrays import FloatImage

Gain = Callable[[FloatImage], FloatImage]
"""Squared frequency over squared cut-off, to the factor that is applied."""

_MARGIN = 32  # pixels that are added on each side, of the outermost values, against wrap-around


def lowpass(scan: Scan, cutoff: Quantity, shape: str, order: Quantity) -> Scan:
    """Keeps what is coarser than the cut-off.

    Gaussian: gain exp(-f² / 2 c²), the same as smoothing with sigma = 1 / (2 pi c). Butterworth:
    1 / (1 + (f / c)^2n), half at the cut-off (Gonzalez & Woods, Digital Image Processing, ch. 4).
    """
    gain = _gain(shape, order.value)
    return _filtered(scan, cutoff.unit, lambda f2: gain(f2 / np.float32(cutoff.value**2)), 0.0)


def highpass(scan: Scan, cutoff: Quantity, shape: str, order: Quantity) -> Scan:
    """Keeps what is finer than the cut-off (gain: 1 - that of `lowpass`), about mid-grey 0.5."""
    gain = _gain(shape, order.value)
    return _filtered(scan, cutoff.unit, lambda f2: 1 - gain(f2 / np.float32(cutoff.value**2)), 0.5)


def bandpass(scan: Scan, low: Quantity, high: Quantity, shape: str, order: Quantity) -> Scan:
    """Keeps what lies between: the high-pass of `low` after the low-pass of `high`, about 0.5."""
    gain = _gain(shape, order.value)

    def both(f2: FloatImage) -> FloatImage:
        finer = 1 - gain(f2 / np.float32(low.value**2))
        return finer * gain(f2 / np.float32(high.value**2))

    return _filtered(scan, low.unit, both, 0.5)


def _gain(shape: str, order: float) -> Gain:
    if shape == "butterworth":
        return lambda ratio: np.reciprocal(1 + ratio ** np.float32(order))
    return lambda ratio: np.exp(np.float32(-0.5) * ratio)


def _filtered(scan: Scan, unit: str, gain: Gain, middle: float) -> Scan:
    axes = tuple(range(scan.pixels.ndim - scan.colour))
    spacing = spacing_of(scan, unit) if unit == "/mm" else (1.0,) * len(axes)
    if is_sequence(scan):
        frames = [_transformed(one, spacing[1:], gain) for one in scan.pixels]
        pixels = np.stack(frames)
    else:
        pixels = _transformed(scan.pixels, spacing, gain)
    if scan.unit == "display":
        # A Butterworth filter swings over at an edge; black and white stay the ends.
        pixels = (pixels + np.float32(middle)).clip(0, 1)
    return replace(scan, pixels=pixels)


def _transformed(pixels: FloatImage, spacing: tuple[float, ...], gain: Gain) -> FloatImage:
    axes = tuple(range(len(spacing)))
    margins = [_margins(pixels.shape[axis]) for axis in axes]
    flat = [(0, 0)] * (pixels.ndim - len(axes))
    padded = np.pad(pixels, margins + flat, mode="edge")
    shape = padded.shape[: len(axes)]
    factor = gain(_squared_frequency(shape, spacing))
    spectrum = np.fft.rfftn(padded, axes=axes)
    spectrum *= factor.reshape(factor.shape + (1,) * len(flat))
    result = np.fft.irfftn(spectrum, s=shape, axes=axes)
    inner = tuple(
        slice(before, before + pixels.shape[axis])
        for axis, (before, _) in zip(axes, margins, strict=True)
    )
    return np.ascontiguousarray(result[inner], dtype=np.float32)


def _margins(length: int) -> tuple[int, int]:
    if length == 1:
        return (0, 0)
    margin = min(_MARGIN, length)
    return (margin, _fast_length(length + 2 * margin) - length - margin)


def _fast_length(length: int) -> int:
    # The next product of 2, 3 and 5: other lengths cost the transform several times as much.
    while True:
        rest = length
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return length
        length += 1


def _squared_frequency(shape: tuple[int, ...], spacing: tuple[float, ...]) -> FloatImage:
    total = np.zeros((1,) * len(shape), np.float32)
    for axis, (length, distance) in enumerate(zip(shape, spacing, strict=True)):
        last = axis == len(shape) - 1
        frequency = (np.fft.rfftfreq if last else np.fft.fftfreq)(length, distance)
        along = [1] * len(shape)
        along[axis] = frequency.size
        total = total + (frequency**2).reshape(along).astype(np.float32)
    return total
