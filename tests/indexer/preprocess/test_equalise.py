"""Against scikit-image (global) and cv2 and scikit-image (by tiles); tolerances beside each."""

from typing import Any

import cv2
import numpy as np
import pytest
import skimage

from indexer.preprocess import parse_chain, preprocess
from indexer.preprocess.lightness import lightness
from indexer.scan import Scan, Voi
from models.arrays import FloatImage
from tests.indexer.preprocess.scans import every_kind, film, volume

exposure: Any = skimage.exposure  # not typed
FULL = Voi(127.5, 255, "LINEAR_EXACT")


def levels(scan: Scan, steps: str) -> FloatImage:
    return preprocess(scan, parse_chain(steps)).pixels


@pytest.mark.parametrize("bins", [64, 256, 4096])
def test_equalise_is_that_of_scikit_image(bins: int) -> None:
    for pixels in (film(), volume()):
        scan = Scan(pixels, voi=FULL)
        expected = exposure.equalize_hist(levels(scan, "voi"), nbins=bins)
        np.testing.assert_allclose(levels(scan, f"equalise:{bins}"), expected, atol=1e-6)


def test_equalise_of_two_levels() -> None:
    scan = Scan(np.array([[0, 0, 0, 255]], np.float32), voi=FULL)
    np.testing.assert_allclose(levels(scan, "equalise"), [[0.75, 0.75, 0.75, 1]], atol=1e-6)


def test_equalise_does_not_count_padding() -> None:
    pixels, valid = film(), np.ones((160, 192), bool)
    valid[:, :50] = False
    expected = exposure.equalize_hist(levels(Scan(pixels, voi=FULL), "voi"), mask=valid)
    result = levels(Scan(pixels, voi=FULL, valid=valid), "equalise")
    np.testing.assert_allclose(result[valid], expected[valid], atol=1e-6)


@pytest.mark.parametrize("limit", [1.0, 2.0, 40.0])
@pytest.mark.parametrize("tiles", [4, 8, 7])  # 7: tiles that do not divide the sides
def test_clahe_of_8_bits_is_that_of_cv2(limit: float, tiles: int) -> None:
    engine = cv2.createCLAHE(limit, (tiles, tiles))
    expected = engine.apply(film().astype(np.uint8)) / 255
    result = levels(Scan(film(), voi=FULL), f"clahe:{limit},{tiles}")
    np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.parametrize("limit", [1.0, 2.0, 40.0])
@pytest.mark.parametrize("tiles", [4, 8, 7])
def test_clahe_of_16_bits_follows_that_of_8(limit: float, tiles: int) -> None:
    # Not rounded: within one of 255 levels.
    expected = levels(Scan(film(), voi=FULL), f"clahe:{limit},{tiles}")
    result = levels(Scan(film(), voi=FULL, bits=16), f"clahe:{limit},{tiles}")
    assert np.abs(result - expected).max() <= 1.001 / 255
    assert np.abs(result - expected).mean() < 0.4 / 255


def test_clahe_keeps_16_bits() -> None:
    fine = film() + np.random.default_rng(0).random((160, 192), np.float32)
    result = levels(Scan(fine, voi=FULL, bits=16), "clahe:2")
    assert len(np.unique(result)) > 10_000


def test_clahe_is_close_to_that_of_scikit_image() -> None:
    # It clips and interpolates in other ways: the same picture to the eye, not the same numbers.
    expected = exposure.equalize_adapthist(film() / 255, (20, 24), clip_limit=2 / 256)
    result = levels(Scan(film(), voi=FULL, bits=16), "clahe:2")
    assert np.corrcoef(result.ravel(), expected.ravel())[0, 1] > 0.95


def test_a_volume_is_equalised_by_tiles_slice_by_slice() -> None:
    scan = Scan(volume(), voi=FULL)
    alone = levels(Scan(volume()[3], voi=FULL), "clahe:2,4")
    np.testing.assert_array_equal(levels(scan, "clahe:2,4")[3], alone)


@pytest.mark.parametrize("step", ["equalise", "clahe:2"])
def test_colour_is_equalised_in_its_lightness(step: str) -> None:
    scan = every_kind()["colour"]
    before, after = levels(scan, "voi"), levels(scan, f"voi,{step}")
    light = lightness(before, colour=True)
    expected = levels(Scan(light, unit="display"), f"voi,{step}")
    inside = ((after > 0.01) & (after < 0.99)).all(axis=-1)  # beyond, the colour was cut
    difference = np.abs(lightness(after, colour=True) - expected)[inside]
    assert inside.mean() > 0.2
    assert difference.max() < 0.01
