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


def test_labels_of_few_patients_have_no_interval_together() -> None:
    """One label at 0 and one at 1, of a patient each: resamples without one would say 0.5 to 1."""
    values = np.array([[0.0], [1.0], *[[1.0]] * 8])
    labels = ["rare", *["common"] * 9]
    (told,) = means(values, labels, [str(n) for n in range(10)])
    assert (told.macro.value, np.isnan(told.macro.low)) == (0.5, True)
    assert told.micro.low < 0.9
    (enough,) = means(np.repeat(values, 5, axis=0), np.repeat(labels, 5).tolist(), [""] * 50)
    assert enough.macro.value == 0.5 == enough.macro.low
