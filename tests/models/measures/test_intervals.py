"""Intervals: patients are drawn, not films, and two systems are compared on the same draws."""

import math
import time

import numpy as np
import pytest

from models.measures import classification, intervals
from models.measures.intervals import Interval
from models.measures.predictions import Predictions


def said(right: np.ndarray, groups: list[str]) -> Predictions:
    told = np.stack([right, ~right], axis=1).astype(float)
    return Predictions.of(("a", "b"), told, ["a"] * len(right), groups)


def test_the_interval_is_the_binomial_s_where_each_patient_has_a_film() -> None:
    right = np.arange(400) < 320
    found = intervals.interval(classification.accuracy, said(right, [f"p{n}" for n in range(400)]))
    half = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert found.value == 0.8
    assert found.low == pytest.approx(0.8 - half, abs=0.01)
    assert found.high == pytest.approx(0.8 + half, abs=0.01)
    assert str(found) == f"0.800 ({found.low:.3f} to {found.high:.3f})"


def test_films_of_one_patient_stand_or_fall_together() -> None:
    right = np.repeat(np.arange(100) < 80, 4)
    alone = intervals.interval(classification.accuracy, said(right, [""] * 400))
    owned = intervals.interval(
        classification.accuracy, said(right, [f"p{n // 4}" for n in range(400)])
    )
    assert owned.high - owned.low == pytest.approx(2 * (alone.high - alone.low), rel=0.15)


def test_a_draw_takes_patients_whole_and_as_many_as_there_are() -> None:
    groups = ["p", "p", "q", "", ""]
    drawn = np.concatenate(list(intervals.draws(groups, 500)))
    assert drawn.shape == (500, 5)
    assert (drawn[:, 0] == drawn[:, 1]).all()
    assert (drawn[:, [0, 2, 3, 4]].sum(axis=1) == 4).all()
    assert drawn[:, 3].mean() == pytest.approx(1, abs=0.15)


def test_draws_come_in_parts_for_many_films(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "_NUMBERS", 100)
    parts = list(intervals.draws([""] * 30, 10))
    assert [len(part) for part in parts] == [3, 3, 3, 1]


def test_two_systems_on_the_same_films() -> None:
    random = np.random.default_rng(0)
    hard = random.random(500)
    groups = [f"p{n}" for n in range(500)]
    better, worse = said(hard < 0.75, groups), said(hard < 0.70, groups)
    found = intervals.difference(classification.accuracy, better, worse)
    assert found.value == pytest.approx(0.05, abs=0.02)
    assert found.low > 0
    one = intervals.interval(classification.accuracy, better)
    assert found.high - found.low < one.high - one.low
    nothing = intervals.difference(classification.accuracy, better, better)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)
    with pytest.raises(ValueError, match="same films"):
        intervals.difference(classification.accuracy, better, said(hard < 0.7, groups[::-1]))


@pytest.mark.parametrize("count", [0, 3])
def test_no_film_and_one_patient_have_no_interval(count: int) -> None:
    found = intervals.interval(classification.accuracy, said(np.ones(count, bool), ["p"] * count))
    assert math.isnan(found.low)
    assert found.to_json() == {"value": 1.0 if count else None, "low": None, "high": None}
    assert str(found) == ("1.000" if count else "cannot be told")


def test_resamples_in_which_it_cannot_be_told_are_left_out() -> None:
    told = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    few = Predictions.of(("a", "b"), told, ["a", "a", "b"], ["p", "q", "r"])
    assert intervals.interval(classification.macro_auc, few) == Interval(1.0, 1.0, 1.0)
    one_class = Predictions.of(("a", "b"), told, ["a", "a", "a"], ["p", "q", "r"])
    assert str(intervals.interval(classification.macro_auc, one_class)) == "cannot be told"


def test_a_thousand_resamples_take_no_time() -> None:
    random = np.random.default_rng(0)
    told = random.dirichlet([1, 1, 1], 364)
    labels = random.choice(["a", "b", "c"], 364).tolist()
    many = Predictions.of(("a", "b", "c"), told, labels, [f"p{n // 2}" for n in range(364)])
    began = time.process_time()
    intervals.interval(classification.macro_auc, many)
    assert time.process_time() - began < 5


def test_twice_the_films_of_the_same_patients_say_no_more_than_once() -> None:
    right = np.arange(40) % 3 > 0
    groups = [f"p{n // 2}" for n in range(40)]
    once = intervals.interval(classification.accuracy, said(right, groups))
    twice = said(np.concatenate([right, right]), groups * 2)
    again = intervals.interval(classification.accuracy, twice)
    assert (once.low, once.high) == pytest.approx((again.low, again.high))
