"""How unevenly cases are found."""

import numpy as np
import pytest

from models.measures.hubness import hubness


def test_an_even_spread_has_no_hubs() -> None:
    told = hubness(np.array([[0, 1], [2, 3]], np.intp), np.arange(4), 2)
    assert told.counts.tolist() == [1, 1, 1, 1]
    assert np.isnan(told.skewness) and told.never == 0 and told.most == 1


def test_one_case_that_everybody_finds() -> None:
    told = hubness(np.array([[0, 1], [0, 2], [0, -1]], np.intp), np.arange(5), 2)
    assert told.counts.tolist() == [3, 1, 1, 0, 0]
    assert told.never == pytest.approx(0.4)
    assert told.most == pytest.approx(3)
    # counts less their mean 1: 2, 0, 0, -1, -1; their third moment 6/5, their variance 6/5
    assert told.skewness == pytest.approx((6 / 5) / (6 / 5) ** 1.5)


def test_nobody_found_anything() -> None:
    told = hubness(np.full((2, 3), -1, np.intp), np.arange(3), 3)
    assert told.never == 1 and np.isnan(told.most)


def test_who_cannot_be_found_does_not_count() -> None:
    told = hubness(np.array([[1, 3], [3, 1]], np.intp), np.array([1, 3], np.intp), 2)
    assert told.counts.tolist() == [2, 2]
    assert told.never == 0 and told.most == 1
