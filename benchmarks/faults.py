"""Faults put into good pictures, at stated strengths: what `benchmarks.quality` looks for.

A film is float32 (H, W), 0 to 255 in whole numbers. What comes back is a `Scan` as it would be read
from a file: of 8 bits with the window of 8 bits, or of 12 bits with a window of its own.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from indexer.scan import Scan, Voi
from models.arrays import FloatImage

EIGHT_BITS = Voi(127.5, 255.0, "LINEAR_EXACT")
_TEXT = "DOE JANE 1957"
_SEED = 20
_TWELVE = 16.0  # 12 bits from 8

Change = Callable[[FloatImage], FloatImage]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault at one strength. `codes`: the findings that count as having found it."""

    name: str
    strength: str
    codes: tuple[str, ...]
    make: Callable[[FloatImage], Scan]


def film_scan(levels: FloatImage) -> Scan:
    """A picture of 8 bits, as it is read: rounded and clipped to 0..255."""
    return Scan(np.rint(levels.clip(0, 255)).astype(np.float32), voi=EIGHT_BITS)


def faults() -> Iterator[Fault]:
    """Every fault at every strength."""
    for name, strength, codes, change in (*_tones(), *_borders(), *_details(), *_texts()):
        yield Fault(name, strength, codes, partial(_changed, change=change))
    yield from _windows()


def _changed(levels: FloatImage, change: Change) -> Scan:
    return film_scan(change(levels))


_Row = tuple[str, str, tuple[str, ...], Change]


def _tones() -> Iterator[_Row]:
    yield "constant", "all alike", ("blank",), lambda film: np.full_like(film, 90)
    yield "inverted", "negative", ("inverted",), lambda film: 255 - film
    for gamma in (0.5, 0.3, 0.2):
        yield "too bright", f"gamma {gamma}", ("overexposed",), partial(_gamma, exponent=gamma)
    for gain in (1.5, 2.0):
        yield "too bright", f"gain {gain}", ("overexposed",), partial(np.multiply, np.float32(gain))
    for gamma in (2.0, 4.0, 6.0):
        yield "too dark", f"gamma {gamma:g}", ("underexposed",), partial(_gamma, exponent=gamma)
    for gain in (0.5, 0.25):
        yield "too dark", f"gain {gain}", ("underexposed",), partial(np.multiply, np.float32(gain))
    for kept in (0.3, 0.15):
        change = partial(_clip, kept=kept)
        yield "clipped, 8 bits", f"{kept:.0%} of the range", ("wrong_window",), change


def _borders() -> Iterator[_Row]:
    for grey, level in (("black", 0), ("white", 255)):
        for share in (0.03, 0.08, 0.2):
            change = partial(_bordered, share=share, level=level)
            yield f"{grey} border", f"{share:.0%}, two sides", ("border",), change


def _details() -> Iterator[_Row]:
    for sigma in (1.0, 1.5, 2.0, 3.0):
        yield "blur", f"sigma {sigma} px", ("blur",), partial(_blurred, sigma=sigma)
    for deviation in (0.01, 0.02, 0.04, 0.08):
        yield "noise", f"{deviation:.0%}", ("noise",), partial(_noisy, deviation=deviation)
    detail = ("low_resolution", "blur")
    for factor in (2, 3, 4):
        change = partial(_enlarged, factor=factor, way=cv2.INTER_NEAREST)
        yield "enlarged, repeated pixels", f"x {factor}", detail, change
    for factor in (2, 3, 4):
        change = partial(_enlarged, factor=factor, way=cv2.INTER_CUBIC)
        yield "enlarged, cubic", f"x {factor}", detail, change


def _texts() -> Iterator[_Row]:
    places = {"top left": (0.03, 0.06), "middle": (0.3, 0.6), "bottom": (0.4, 0.96)}
    for scale in (0.35, 0.5, 0.8, 1.2):
        for place, where in places.items():
            level = 0 if place == "bottom" else 255
            change = partial(_written, scale=scale, where=where, level=level)
            yield "text", f"{round(21 * scale)} px, {place}", ("burned_in_text",), change


def _windows() -> Iterator[Fault]:
    """Values of 12 bits with a window that does not fit them."""
    windows = {
        "beside (above)": Voi(5000.0, 800.0, "LINEAR_EXACT"),
        "narrow, at the dark end": Voi(200.0, 150.0, "LINEAR_EXACT"),
        "20 times too wide": Voi(40000.0, 80000.0, "LINEAR_EXACT"),
    }
    for strength, window in windows.items():
        make = partial(_twelve_bits, window=window)
        yield Fault("window, 12 bits", strength, ("wrong_window",), make)
    yield Fault("window, 12 bits", "none, one hot pixel", ("wrong_window",), _hot_pixel)


def twelve_bits(levels: FloatImage) -> Scan:
    """The same film as 12 bits with the window that shows it as it was."""
    return _twelve_bits(levels, Voi(127.5 * _TWELVE, 255.0 * _TWELVE, "LINEAR_EXACT"))


def _twelve_bits(levels: FloatImage, window: Voi) -> Scan:
    return Scan(levels * np.float32(_TWELVE), voi=window, bits=12)


def _hot_pixel(levels: FloatImage) -> Scan:
    values = levels * np.float32(_TWELVE)
    values[10, 10] = 65535
    return Scan(values, bits=16)


def _gamma(levels: FloatImage, exponent: float) -> FloatImage:
    return np.asarray(255 * (levels / 255) ** np.float32(exponent), np.float32)


def _clip(levels: FloatImage, kept: float) -> FloatImage:
    centre = np.float32(np.median(levels))
    return np.asarray((levels - centre) / np.float32(kept) + np.float32(127.5), np.float32)


def _bordered(levels: FloatImage, share: float, level: int) -> FloatImage:
    width = round(share * levels.shape[1])
    made = cv2.copyMakeBorder(levels, 0, 0, width, width, cv2.BORDER_CONSTANT, value=float(level))
    return np.asarray(made, np.float32)


def _blurred(levels: FloatImage, sigma: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), sigma), np.float32)


def _noisy(levels: FloatImage, deviation: float) -> FloatImage:
    grain = np.random.default_rng(_SEED).standard_normal(levels.shape, np.float32)
    return levels + grain * np.float32(255 * deviation)


def _enlarged(levels: FloatImage, factor: int, way: int) -> FloatImage:
    height, width = levels.shape
    size = (width // factor, height // factor)
    small = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=way), np.float32)


def _written(
    levels: FloatImage, scale: float, where: tuple[float, float], level: int
) -> FloatImage:
    height, width = levels.shape
    place = (round(where[0] * width), round(where[1] * height))
    thick = 1 if scale < 0.7 else 2
    canvas = levels.astype(np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    written = cv2.putText(canvas, _TEXT, place, font, scale, level, thick, cv2.LINE_AA)
    return np.asarray(written, np.float32)
