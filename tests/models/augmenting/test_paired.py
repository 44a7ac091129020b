"""Ways that take two films: mixed, and one's grey levels given to the other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.augmenting import Film
from models.augmenting.intensity import STEEPEST, intensity
from models.augmenting.mix import SHARE, mix
from models.augmenting.place import boxes, onto
from tests.models.augmenting.films import FIRST, SECOND, film


def test_one_box_is_laid_on_the_other() -> None:
    matrix = onto((10.0, 20.0, 30.0, 60.0), (0.0, 0.0, 40.0, 40.0))
    # x: 20 pixels become 40; the first one's centre, 10, becomes the middle of the first two.
    np.testing.assert_allclose(matrix @ [10, 20, 1], [0.5, 0.0])
    np.testing.assert_allclose(matrix @ [29, 59, 1], [38.5, 39.0])


def test_films_lie_on_each_other_by_their_regions_if_both_are_known(examples: Path) -> None:
    first, second = film(examples, FIRST), film(examples, SECOND)
    rows, columns = first.shape
    assert boxes(first, second)[2]
    assert boxes(first, replace(second, region=None)) == (
        (0.0, 0.0, float(columns), float(rows)),
        (0.0, 0.0, float(second.shape[1]), float(second.shape[0])),
        False,
    )
    empty = replace(second, region=np.zeros(second.shape, bool))
    assert not boxes(first, empty)[2]


def test_one_side_of_the_chest_is_the_partners(examples: Path) -> None:
    first, second = film(examples, FIRST), film(examples, SECOND)
    seen = set()
    for seed in range(30):
        made, told = mix(first, second, np.random.default_rng(seed))
        if told["kind"] != "halves":
            continue
        seen.add(told["side"])
        middle, columns = first.shape[1] // 2, first.shape[1]
        own = np.s_[:, : middle // 2] if told["side"] == "right" else np.s_[:, -(middle // 2) :]
        np.testing.assert_allclose(made.pixels[own], first.pixels[own], atol=1e-5)
        theirs = np.s_[100:300, int(columns * 0.65) : int(columns * 0.8)]
        if told["side"] == "left":
            theirs = np.s_[100:300, int(columns * 0.2) : int(columns * 0.35)]
        assert np.abs(made.pixels[theirs] - first.pixels[theirs]).mean() > 0.02
    assert seen == {"left", "right"}


def test_films_without_lungs_are_only_laid_over_each_other(examples: Path) -> None:
    first, second = film(examples, FIRST, lungs=False), film(examples, SECOND)
    for seed in range(20):
        made, told = mix(first, second, np.random.default_rng(seed))
        assert (told["kind"], told["aligned"]) == ("overlay", "frames")
        assert SHARE[0] <= float(told["share"]) <= SHARE[1]
        assert made.region is None


def test_an_overlay_is_the_mean_that_it_tells() -> None:
    flat = Film(np.full((100, 100), 0.6, np.float32))
    steps = Film(np.tile(np.repeat(np.array([0.2, 0.8], np.float32), 50), (100, 1)))
    made, told = mix(flat, steps, np.random.default_rng(0))
    share = float(told["share"])
    # The partner's deviation, 0.3, is brought to the film's, 0, but not below 1 / 1.4 of its own.
    low, high = 0.6 - 0.3 / 1.4, 0.6 + 0.3 / 1.4
    assert made.pixels[50, 30] == pytest.approx(0.6 * (1 - share) + low * share, abs=1e-4)
    assert made.pixels[50, 70] == pytest.approx(0.6 * (1 - share) + high * share, abs=1e-4)
    assert made.pixels[0, 0] == pytest.approx(0.6, abs=2e-3)  # its edge cannot be seen


def test_the_histogram_of_the_same_film_changes_nothing(examples: Path) -> None:
    given = film(examples, FIRST)
    made, _ = intensity(given, given, np.random.default_rng(0))
    np.testing.assert_allclose(made.pixels, given.pixels, atol=0.02)


def test_grey_levels_keep_their_order_and_come_closer(examples: Path) -> None:
    first, second = film(examples, FIRST, lungs=False), film(examples, SECOND, lungs=False)
    second = replace(second, pixels=second.pixels**2)
    made, told = intensity(first, second, np.random.default_rng(0))
    assert told["from"] == "frames"
    order = np.argsort(first.pixels.ravel(), kind="stable")
    mapped = made.pixels.ravel()[order]
    assert (np.diff(mapped) >= -1e-6).all()
    before, after = (
        abs(np.median(one) - np.median(second.pixels)) for one in (first.pixels, made.pixels)
    )
    assert after < 0.75 * before


def test_noise_is_not_blown_up(examples: Path) -> None:
    """A dull film and a hard one: the mapping is nowhere much steeper than allowed."""
    dull = Film(np.linspace(0.45, 0.55, 10_000, dtype=np.float32).reshape(100, 100))
    hard = Film(np.linspace(0.0, 1.0, 10_000, dtype=np.float32).reshape(100, 100))
    made, told = intensity(dull, hard, np.random.default_rng(0))
    width = float(made.pixels.max() - made.pixels.min())
    strength = float(told["strength"])
    assert width == pytest.approx(0.1 * (1 - strength + STEEPEST * strength), rel=0.02)


def test_black_stays_black(examples: Path) -> None:
    first = film(examples, FIRST)
    pixels = first.pixels.copy()
    pixels[:40] = 0
    brighter = replace(film(examples, SECOND), pixels=film(examples, SECOND).pixels ** 0.3)
    made, _ = intensity(replace(first, pixels=pixels), brighter, np.random.default_rng(0))
    assert made.pixels[:40].max() == 0
