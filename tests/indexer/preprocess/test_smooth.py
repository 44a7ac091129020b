"""Against SciPy, to 1e-6 of the range of values for float32 sums, exactly for medians."""

import numpy as np
import pytest
from scipy import ndimage

from indexer.preprocess.grammar import Quantity
from indexer.preprocess.smooth import gaussian, mean, median
from indexer.scan import Scan
from tests.indexer.preprocess.scans import film, volume

ANISOTROPIC = (5.0, 0.8, 0.4)


@pytest.mark.parametrize("scale", [1.0, 257.0, 1 / 255])  # 8 bits, 16 bits, float
@pytest.mark.parametrize("size", [3, 5, 9])
def test_mean(size: int, scale: float) -> None:
    for pixels in (film() * np.float32(scale), volume() * np.float32(scale)):
        expected = ndimage.uniform_filter(pixels.astype(np.float64), size, mode="nearest")
        result = mean(Scan(pixels), Quantity(size, "px")).pixels
        np.testing.assert_allclose(result, expected, atol=255 * scale * 1e-6)


@pytest.mark.parametrize("scale", [1.0, 257.0, 1 / 255])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0])
def test_gaussian(sigma: float, scale: float) -> None:
    for pixels in (film() * np.float32(scale), volume() * np.float32(scale)):
        expected = ndimage.gaussian_filter(pixels.astype(np.float64), sigma, mode="nearest")
        result = gaussian(Scan(pixels), Quantity(sigma, "px")).pixels
        np.testing.assert_allclose(result, expected, atol=255 * scale * 1e-6)


@pytest.mark.parametrize("scale", [1.0, 257.0, 1 / 255])
@pytest.mark.parametrize("size", [3, 5, 7])
def test_median(size: int, scale: float) -> None:
    for pixels in (film() * np.float32(scale), volume()[:5] * np.float32(scale)):
        expected = ndimage.median_filter(pixels, size, mode="nearest")
        np.testing.assert_array_equal(median(Scan(pixels), Quantity(size, "px")).pixels, expected)


def test_lengths_in_mm_follow_the_spacing() -> None:
    scan = Scan(volume(), spacing_mm=ANISOTROPIC)
    smooth = gaussian(scan, Quantity(2.0, "mm")).pixels
    expected = ndimage.gaussian_filter(volume(), (0.4, 2.5, 5.0), mode="nearest")
    np.testing.assert_allclose(smooth, expected, atol=1e-3)
    # 4 mm are 0.8, 5 and 10 pixels: boxes of 1, 5 and 11.
    expected = ndimage.uniform_filter(volume(), (1, 5, 11), mode="nearest")
    np.testing.assert_allclose(mean(scan, Quantity(4.0, "mm")).pixels, expected, atol=1e-3)
    expected = ndimage.median_filter(volume(), (1, 5, 11), mode="nearest")
    np.testing.assert_array_equal(median(scan, Quantity(4.0, "mm")).pixels, expected)


def test_a_speck_goes_by_the_median_and_is_spread_by_the_mean() -> None:
    pixels = np.zeros((5, 5), np.float32)
    pixels[2, 2] = 9
    assert median(Scan(pixels), Quantity(3, "px")).pixels.max() == 0
    expected = np.zeros((5, 5))
    expected[1:4, 1:4] = 1
    np.testing.assert_allclose(mean(Scan(pixels), Quantity(3, "px")).pixels, expected, atol=1e-6)


def test_colour_is_smoothed_channel_by_channel() -> None:
    pixels = np.stack([film(), film()[::-1], film()[:, ::-1]], axis=-1)
    scan = Scan(pixels, unit="rgb", colour=True)
    for step, size in ((mean, 3.0), (gaussian, 1.0), (median, 3.0), (median, 7.0)):
        result = step(scan, Quantity(size, "px")).pixels
        alone = step(Scan(pixels[..., 1]), Quantity(size, "px")).pixels
        np.testing.assert_allclose(result[..., 1], alone, atol=1e-3)
