"""Means over queries and over labels."""

import numpy as np
import pytest

from models.measures.means import means


def test_queries_alike_and_labels_alike() -> None:
    values = np.array([[1.0, 0.5], [1.0, 0.5], [1.0, 0.5], [0.0, 0.1], [np.nan, np.nan]])
    first, second = means(values, ["a", "a", "a", "b", "c"], ["1", "2", "3", "4", "5"])
    assert first.micro.value == pytest.approx(3 / 4)
    assert first.macro.value == pytest.approx(1 / 2)
    assert second.micro.value == pytest.approx(0.4)
    assert second.macro.value == pytest.approx(0.3)
    assert first.micro.low <= 3 / 4 <= first.micro.high


def test_films_of_one_patient_are_drawn_together() -> None:
    """Ten patients of which each finds all or nothing: wider than 40 single ones."""
    values = np.repeat(np.arange(10) % 2, 4)[:, None].astype(float)
    (alone,) = means(values, ["a"] * 40, [str(n) for n in range(40)])
    (told,) = means(values, ["a"] * 40, [str(n // 4) for n in range(40)])
    assert told.micro.value == alone.micro.value == 0.5
    assert told.micro.high - told.micro.low > 1.5 * (alone.micro.high - alone.micro.low)


def test_nobody_can_be_asked() -> None:
    (told,) = means(np.full((2, 1), np.nan), ["a", "b"], ["1", "2"])
    assert np.isnan(told.micro.value) and np.isnan(told.macro.value)
    assert len(means(np.zeros((0, 3)), [], [])) == 3
