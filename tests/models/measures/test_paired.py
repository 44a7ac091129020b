"""Two systems on the same queries."""

import numpy as np
import pytest

from models.measures.paired import difference


def test_a_clear_difference_is_one() -> None:
    random = np.random.default_rng(0)
    second = random.random(60)
    first = second + 0.1 + random.normal(0, 0.01, 60)
    told = difference(first, second, [f"p{n}" for n in range(60)])
    assert told.interval.value == pytest.approx(0.1, abs=0.01)
    assert told.interval.low > 0.09
    assert told.p < 0.001


def test_noise_is_none() -> None:
    random = np.random.default_rng(1)
    second = random.random(60)
    told = difference(second + random.normal(0, 0.1, 60), second, [""] * 60)
    assert told.interval.low < 0 < told.interval.high
    assert told.p > 0.05


def test_many_films_of_a_patient_count_as_one_patient() -> None:
    """What 40 independent films would make sure, four patients of ten films each do not."""
    first = np.repeat([0.4, 0.3, 0.2, 0.1], 10)
    alone = difference(first, np.zeros(40), [str(n) for n in range(40)])
    told = difference(first, np.zeros(40), [str(n // 10) for n in range(40)])
    assert alone.p < 0.001
    assert told.p == pytest.approx(2 / 16, abs=0.02)


def test_what_cannot_be_told() -> None:
    nan = float("nan")
    told = difference(np.array([nan, 0.5]), np.array([0.2, 0.1]), ["a", "b"])
    assert told.interval.value == pytest.approx(0.4) and np.isnan(told.p)
    assert np.isnan(difference(np.array([nan]), np.array([0.2]), ["a"]).interval.value)
