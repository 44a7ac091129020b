from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skimage

from indexer.preprocess import parse_chain, preprocess
from indexer.scan import Scan, Voi
from models.arrays import FloatImage
from tests.indexer.preprocess.scans import every_kind, film, volume

exposure: Any = skimage.exposure  # not typed


def levels(scan: Scan, steps: str) -> FloatImage:
    return preprocess(scan, parse_chain(steps)).pixels


HU = np.array([[-1350, -1000, -600], [-225, 150, 3000]], np.float32)


def test_a_window() -> None:
    expected = [[0, 350 / 1500, 0.5], [0.75, 1, 1]]
    for steps in ("window:-600,1500", "window:-600,1500HU"):
        np.testing.assert_allclose(levels(Scan(HU, unit="HU"), steps), expected, atol=1e-6)


def test_a_window_in_hu_leaves_other_scans_to_their_own() -> None:
    scan = Scan(np.array([[0, 51, 255]], np.float32), voi=Voi(127.5, 255, "LINEAR_EXACT"))
    np.testing.assert_allclose(levels(scan, "window:-600,1500HU"), [[0, 0.2, 1]], atol=1e-6)
    np.testing.assert_allclose(levels(scan, "window:51,102"), [[0, 0.5, 1]], atol=1e-6)


def test_monochrome1_is_inverted_once() -> None:
    scan = Scan(HU, unit="HU", inverted=True)
    expected = [[1, 1 - 350 / 1500, 0.5], [0.25, 0, 0]]
    np.testing.assert_allclose(levels(scan, "window:-600,1500"), expected, atol=1e-6)
    assert levels(scan, "stretch:0,100").tolist()[0][0] == 1
    assert levels(scan, "voi,stretch:0,100").tolist()[1][2] == 0


def test_the_files_own_window() -> None:
    scan = Scan(HU, unit="HU", voi=Voi(-600, 1500, "LINEAR_EXACT"))
    np.testing.assert_array_equal(levels(scan, "voi"), levels(scan, "window:-600,1500"))


@pytest.mark.parametrize("kind", ["8 bits", "float", "volume"])
@pytest.mark.parametrize("low_high", [(1, 99), (0, 100), (10, 60.5)])
def test_stretch_is_the_percentiles(kind: str, low_high: tuple[float, float]) -> None:
    # These scans have fewer pixels than are sampled: nothing is left out.
    scan = every_kind()[kind]
    low, high = np.percentile(scan.pixels, low_high)
    expected = exposure.rescale_intensity(scan.pixels, (low, high), (0.0, 1.0))
    result = levels(scan, f"stretch:{low_high[0]},{low_high[1]}")
    np.testing.assert_allclose(result, expected, atol=2e-5)


def test_stretch_of_many_pixels_is_right_to_a_fifth_of_a_percent_of_rank() -> None:
    pixels = np.tile(film(), (5, 5)) + np.random.default_rng(0).random((800, 960), np.float32)
    result = levels(Scan(pixels, bits=16), "stretch:5,90")
    assert (result == 0).mean() == pytest.approx(0.05, abs=0.002)
    assert (result == 1).mean() == pytest.approx(0.10, abs=0.002)


def test_stretch_leaves_padding_out() -> None:
    pixels = np.array([[0, 10, 20, 5000]], np.float32)
    scan = Scan(pixels, valid=np.array([[True, True, True, False]]))
    np.testing.assert_allclose(levels(scan, "stretch:0,100"), [[0, 0.5, 1, 0]], atol=1e-6)


def test_gamma() -> None:
    scan = Scan(volume(), voi=Voi(127.5, 255, "LINEAR_EXACT"))
    expected = exposure.adjust_gamma(volume() / 255, 0.8)
    np.testing.assert_allclose(levels(scan, "gamma:0.8"), expected, atol=1e-6)
    assert levels(Scan(np.array([[0, 0.25, 1]], np.float32)), "gamma:2").tolist() == [
        [0, 0.0625, 1]
    ]


def test_colour_keeps_its_hue_when_stretched() -> None:
    pixels = np.array([[[0.2, 0.4, 0.6], [0.3, 0.3, 0.3]]], np.float32)
    scan = Scan(pixels, unit="rgb", colour=True)
    expected = [[[0, 0.5, 1], [0.25, 0.25, 0.25]]]
    np.testing.assert_allclose(levels(scan, "stretch:0,100"), expected, atol=1e-6)


@pytest.mark.parametrize("change", [lambda p: p * 257, lambda p: p / 255, lambda p: p * 3 - 1024])
def test_stretch_does_not_depend_on_the_unit(change: Callable[[FloatImage], FloatImage]) -> None:
    expected = levels(Scan(film()), "stretch:1,99")
    np.testing.assert_allclose(levels(Scan(change(film())), "stretch:1,99"), expected, atol=1e-5)
