"""Two views of the same films that find each other, or do not."""

import math

import numpy as np
import pytest

from models.measures.instances import instances


def test_views_that_are_alike_find_each_other() -> None:
    found = instances(np.eye(3, dtype=np.float32), 2 * np.eye(3, dtype=np.float32))
    assert (found.first, found.reciprocal_rank, found.alignment) == (1, 1, 0)
    assert found.uniformity == pytest.approx(-4)  # squared distance 2, times -2
    assert found.log_loss == pytest.approx(math.log(1 + 2 * math.exp(-10)))


def test_views_that_are_mixed_up() -> None:
    """Film 0 is found second, film 1 third, film 2 first."""
    one = np.eye(3, dtype=np.float32)
    other = np.array([[0.6, 0.8, 0], [0.8, 0.1, 0], [0, 0.5, 0.9]], np.float32)
    found = instances(one, other)
    assert found.first == pytest.approx(1 / 3)
    assert found.reciprocal_rank == pytest.approx((1 / 2 + 1 / 3 + 1) / 3)


def test_an_encoder_that_says_the_same_of_all_finds_nothing() -> None:
    same = np.ones((4, 2), np.float32)
    found = instances(same, same)
    assert found.first == 0 and found.reciprocal_rank == pytest.approx(1 / 4)
    assert found.uniformity == pytest.approx(0)


def test_one_film_tells_nothing() -> None:
    one = np.ones((1, 2), np.float32)
    assert math.isnan(instances(one, one).first)
