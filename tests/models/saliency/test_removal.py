"""Places are taken out where they lie, and the areas under curves come out."""

import numpy as np
import pytest

from models.saliency.curves import area, deletion, insertion, steps_of
from models.saliency.removal import blurred, first_of, mixed, most_first, one_by_one

NOISE = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)


def test_a_place_is_taken_out_where_it_lies() -> None:
    taken = np.array([[False, True], [False, False]])
    found = mixed(NOISE, np.zeros_like(NOISE), taken)
    assert not found[:12, 12:].any()
    np.testing.assert_array_equal(found[12:], NOISE[12:])
    np.testing.assert_array_equal(found[:, :12], NOISE[:, :12])


def test_places_that_do_not_divide_the_picture_cover_it() -> None:
    found = mixed(NOISE, np.zeros_like(NOISE), np.ones((7, 5), bool))
    assert not found.any()


def test_what_is_blurred_keeps_its_brightness_and_loses_its_detail() -> None:
    found = blurred(NOISE, 2)
    assert found.mean() == pytest.approx(NOISE.mean(), abs=2)
    assert found.std() < NOISE.std() / 8


def test_each_place_is_taken_out_once() -> None:
    found = one_by_one(NOISE, 2, 3)
    assert found.shape == (6, 24, 24, 3)
    changed = (found != NOISE).any(axis=-1).sum(axis=0)
    assert changed.max() == 1
    assert (changed == 1).mean() > 0.95


def test_the_most_marked_come_first_and_of_equals_the_upper_left() -> None:
    given = np.array([[1, 5], [5, -1]], np.float32)
    order = most_first(given)
    assert order.tolist() == [1, 2, 0, 3]
    assert first_of(order, 2, (2, 2)).tolist() == [[False, True], [True, False]]


def test_steps_go_from_none_to_all() -> None:
    assert steps_of(49, 4).tolist() == [0, 12, 24, 37, 49]


def test_a_curve_falls_where_the_bright_place_is_taken_out_first() -> None:
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:8, :8] = NOISE[:8, :8]

    def detail(pictures: np.ndarray) -> np.ndarray:
        found: np.ndarray = np.abs(np.diff(pictures.astype(np.float32), axis=1)).mean((1, 2, 3))
        return found

    early, late = np.array([0, 1, 2, 3]), np.array([3, 2, 1, 0])
    falls = [area(deletion(picture, order, (2, 2), detail, 4)) for order in (early, late)]
    rises = [area(insertion(picture, order, (2, 2), detail, 4)) for order in (early, late)]
    assert falls[0] < 0.5 * falls[1]
    assert rises[0] > 1.5 * rises[1]


def test_areas() -> None:
    assert area(np.array([1.0, 1.0, 1.0])) == 1
    assert area(np.array([1.0, 0.0])) == 0.5
    assert area(np.array([1.0, 0.0, 0.0])) == 0.25
