"""Against SciPy and scikit-image: equal to 1e-5 of the range, at the same margins."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage
from skimage import filters

from indexer.preprocess.frequency import bandpass, highpass, lowpass
from indexer.preprocess.grammar import Quantity
from indexer.scan import Scan
from models.arrays import FloatImage
from tests.indexer.preprocess.scans import film, volume

TWO = Quantity(2)


def per_px(value: float) -> Quantity:
    return Quantity(value, "/px")


@pytest.mark.parametrize("cutoff", [0.03, 0.1, 0.3])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_butterworth_is_that_of_scikit_image(cutoff: float, order: int) -> None:
    # 161 x 176 with margins of 32 are 225 x 240: no more is added for a fast transform.
    pixels = np.pad(film(), ((1, 0), (0, 0)))[:, :176] / np.float32(255)
    butterworth: Any = filters.butterworth  # not typed
    expected = butterworth(pixels, cutoff, high_pass=False, order=order, npad=32)
    scan = Scan(pixels, unit="display")
    result = lowpass(scan, per_px(cutoff), "butterworth", Quantity(order)).pixels
    np.testing.assert_allclose(result, expected.clip(0, 1), atol=1e-5)


@pytest.mark.parametrize("pixels", [film(), film() * 257, film() / 255, volume()])
def test_a_gaussian_low_pass_is_a_gaussian_smoothing(pixels: FloatImage) -> None:
    cutoff = 0.12
    expected = ndimage.gaussian_filter(
        pixels.astype(np.float64), 1 / (2 * np.pi * cutoff), mode="nearest", truncate=8
    )
    result = lowpass(Scan(pixels), per_px(cutoff), "gaussian", TWO).pixels
    np.testing.assert_allclose(result, expected, atol=float(np.ptp(pixels)) * 1e-4)


def test_a_volume_of_uneven_spacing_in_cycles_per_mm() -> None:
    scan = Scan(volume(), spacing_mm=(3.0, 0.5, 0.5))
    sigma_mm = 1 / (2 * np.pi * 0.05)
    expected = ndimage.gaussian_filter(
        volume(), [sigma_mm / s for s in (3.0, 0.5, 0.5)], mode="nearest", truncate=8
    )
    result = lowpass(scan, Quantity(0.05, "/mm"), "gaussian", TWO).pixels
    np.testing.assert_allclose(result, expected, atol=0.3)


def wave(frequency: float) -> FloatImage:
    """A sine of amplitude 0.2 about 0.5, `frequency` cycles per pixel along the rows."""
    x = np.arange(240)
    row = 0.5 + 0.2 * np.sin(2 * np.pi * frequency * x)
    return np.tile(row, (64, 1)).astype(np.float32)


def amplitude(pixels: FloatImage) -> float:
    return float(np.ptp(pixels[:, 80:160]) / 2)


@pytest.mark.parametrize("unit", ["/px", "/mm"])
def test_gains(unit: str) -> None:
    # A pixel of half a mm: an eighth of a cycle per pixel is a quarter of one per mm.
    scan = Scan(wave(0.125), unit="display", spacing_mm=(0.5, 0.5))
    factor = 1 if unit == "/px" else 2
    cutoff, low, high = (Quantity(value * factor, unit) for value in (0.125, 0.0625, 0.25))
    half = lowpass(scan, cutoff, "butterworth", TWO).pixels
    assert amplitude(half) == pytest.approx(0.2 * 0.5, abs=0.004)
    gaussian = lowpass(scan, cutoff, "gaussian", TWO).pixels
    assert amplitude(gaussian) == pytest.approx(0.2 * 0.6065, abs=0.004)
    rest = highpass(scan, cutoff, "butterworth", TWO).pixels
    assert amplitude(rest) == pytest.approx(0.2 * 0.5, abs=0.004)
    # Low-pass at twice the frequency: 16 / 17; high-pass at half of it: 16 / 17.
    band = bandpass(scan, low, high, "butterworth", TWO).pixels
    assert amplitude(band) == pytest.approx(0.2 * (16 / 17) ** 2, abs=0.004)


def test_high_and_band_pass_are_about_mid_grey() -> None:
    flat = Scan(np.full((20, 30), 0.8, np.float32), unit="display")
    for result in (
        highpass(flat, per_px(0.1), "gaussian", TWO),
        bandpass(flat, per_px(0.1), per_px(0.2), "gaussian", TWO),
    ):
        np.testing.assert_allclose(result.pixels, 0.5, atol=1e-6)


def test_a_low_and_a_high_pass_make_the_whole() -> None:
    scan = Scan(np.float32(0.3) + film() / np.float32(640), unit="display")
    low = lowpass(scan, per_px(0.05), "gaussian", TWO).pixels
    high = highpass(scan, per_px(0.05), "gaussian", TWO).pixels
    np.testing.assert_allclose(low + high - 0.5, scan.pixels, atol=1e-5)


def test_colour_is_filtered_channel_by_channel() -> None:
    pixels = np.stack([film(), film()[::-1], film()], axis=-1) / np.float32(255)
    scan = Scan(pixels, unit="display", colour=True)
    alone = lowpass(Scan(pixels[..., 1], unit="display"), per_px(0.1), "gaussian", TWO).pixels
    result = lowpass(scan, per_px(0.1), "gaussian", TWO).pixels
    np.testing.assert_allclose(result[..., 1], alone, atol=1e-5)
