"""Ways that take one film: moved, greyed, bent."""

import math
from pathlib import Path

import numpy as np
import pytest

from models.augmenting import Film
from models.augmenting.elastic import elastic
from models.augmenting.geometry import CROP, ROTATION, SCALE, SHIFT, geometry
from models.augmenting.grey import grey
from tests.models.augmenting.films import FIRST, film


def square() -> Film:
    """A white square, whose mask is the square itself."""
    pixels = np.zeros((200, 160), np.float32)
    pixels[60:140, 50:110] = 1
    return Film(pixels, pixels > 0.5, pixels > 0.5)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", [geometry, elastic])
def test_masks_move_with_the_film(way, seed: int) -> None:  # type: ignore[no-untyped-def]
    made, _ = way(square(), None, np.random.default_rng(seed))
    assert made.region is not None and made.lesion is not None
    assert (made.region == (made.pixels > 0.5)).mean() > 0.999
    np.testing.assert_array_equal(made.region, made.lesion)


@pytest.mark.parametrize("seed", range(5))
def test_geometry_does_what_it_tells(seed: int) -> None:
    made, told = geometry(square(), None, np.random.default_rng(seed))
    scale, crop = float(told["scale"]), float(told["crop"])
    assert abs(float(told["rotation"])) <= ROTATION
    assert abs(scale - 1) <= SCALE and 0 <= crop <= CROP
    assert max(abs(float(told["right"])), abs(float(told["down"]))) <= SHIFT
    assert made.region is not None
    # An area grows by the square of the scale, and by what was cut away around it.
    assert made.region.sum() == pytest.approx(60 * 80 * scale**2 / (1 - crop), rel=0.02)
    rows, columns = np.nonzero(made.region)
    spread = np.cov(np.stack([columns, rows]))
    turned = math.degrees(0.5 * math.atan2(2 * spread[0, 1], spread[0, 0] - spread[1, 1]))
    assert 90 - abs(turned) == pytest.approx(abs(float(told["rotation"])), abs=1.5)


def test_geometry_is_never_a_mirror() -> None:
    """The heart stays on its side."""
    pixels = np.zeros((100, 100), np.float32)
    pixels[:, :30] = 1
    for seed in range(20):
        made, _ = geometry(Film(pixels), None, np.random.default_rng(seed))
        assert made.pixels[:, :50].sum() > 5 * made.pixels[:, 50:].sum()


def test_exposure_and_contrast_cut_nothing_off(examples: Path) -> None:
    levels = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    for seed in range(20):
        made, told = grey(Film(levels), None, np.random.default_rng(seed))
        if told["noise"]:
            continue
        flat = made.pixels.ravel()
        assert flat[0] == 0 and flat[-1] == pytest.approx(1)
        assert (np.diff(flat) > 0).mean() > 0.99  # order and differences are kept


def test_exposure_by_hand() -> None:
    from models.augmenting.grey import _developed

    found = _developed(np.array([0.5, 0.2, 0.0, 1.0], np.float32), 0.4, 1.0)
    # e^0.4 = 1.4918: 0.5 -> 1.4918 / 2.4918; 0.2 -> 0.29836 / 1.09836
    np.testing.assert_allclose(found, [0.59869, 0.27164, 0.0, 1.0], atol=1e-5)
    steeper = _developed(np.array([0.5, 0.2], np.float32), 0.0, 1.25)
    np.testing.assert_allclose(steeper, [0.5, 0.2**1.25 / (0.2**1.25 + 0.8**1.25)], atol=1e-6)


def test_noise_has_the_strength_that_is_told() -> None:
    flat = Film(np.full((256, 256), 0.5, np.float32))
    strengths = []
    for seed in range(60):
        made, told = grey(flat, None, np.random.default_rng(seed))
        assert float(made.pixels.std()) == pytest.approx(float(told["noise"]), rel=0.05, abs=1e-6)
        strengths.append(float(told["noise"]))
    assert 0.1 < np.mean(np.array(strengths) > 0) < 0.45


def test_noise_on_a_large_film_outlives_its_shrinking() -> None:
    import cv2

    from models.augmenting.grey import _grain

    large = Film(np.full((2048, 2048), 0.5, np.float32))
    grain = _grain(large, 0.03, np.random.default_rng(0))
    small = cv2.resize(grain, (512, 512), interpolation=cv2.INTER_AREA)
    assert float(small.std()) > 0.02  # independent noise would be 0.03 / 4


def test_a_bent_film_keeps_its_edges(examples: Path) -> None:
    given = film(examples, FIRST)
    made, told = elastic(given, None, np.random.default_rng(0))
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        np.testing.assert_allclose(made.pixels[edge], given.pixels[edge], atol=0.02)
    assert 0.5 * 0.008 <= float(told["deviation"]) <= 1.5 * 0.008
