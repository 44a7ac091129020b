"""Calibration: by hand, and that honest probabilities have little error."""

import math

import numpy as np
import pytest
from sklearn import metrics

from models.measures import calibration
from models.measures.predictions import Predictions


def said(top: list[float], right: list[bool]) -> Predictions:
    """Two classes; the first is named with these probabilities."""
    told = np.array([[one, 1 - one] for one in top]).reshape(-1, 2)
    labels = ["a" if one else "b" for one in right]
    return Predictions.of(("a", "b"), told, labels, [""] * len(top))


def test_by_hand() -> None:
    four = said([0.6, 0.6, 0.9, 0.9], [True, False, True, True])
    found = calibration.report(four)
    # Two films at 0.6, half right; two at 0.9, all right.
    assert found.ece_equal_width == pytest.approx((2 * 0.1 + 2 * 0.1) / 4)
    assert found.ece_equal_mass == found.ece_equal_width
    assert found.brier == pytest.approx(2 * (0.16 + 0.36 + 0.01 + 0.01) / 4)
    wanted = -(math.log(0.6) + math.log(0.4) + 2 * math.log(0.9)) / 4
    assert found.log_loss == pytest.approx(wanted)
    assert [(one.films, one.accuracy) for one in found.bins] == [(2, 0.5), (2, 1.0)]
    assert found.to_json()["films"] == 4


def test_bins() -> None:
    top = np.array([0.0, 0.0667, 0.5, 0.999, 1.0])
    assert calibration.equal_width(top).tolist() == [0, 1, 7, 14, 14]
    assert calibration.equal_mass(np.linspace(0, 1, 30)).tolist() == [at // 2 for at in range(30)]
    assert calibration.equal_mass(np.array([0.5, 0.5, 0.9])).tolist() == [0, 0, 2]


def test_honest_probabilities_have_little_error_and_sure_ones_much() -> None:
    random = np.random.default_rng(0)
    top = random.uniform(0.5, 1, 20_000)
    right = (random.random(20_000) < top).tolist()
    honest = calibration.report(said(top.tolist(), right))
    assert honest.ece_equal_mass < 0.015
    assert honest.ece_equal_width < 0.015
    sure = calibration.report(said([0.99] * 20_000, right))
    assert sure.ece_equal_mass == pytest.approx(0.24, abs=0.01)


def test_honest_probabilities_show_an_error_on_few_films_too() -> None:
    random = np.random.default_rng(0)
    top = random.uniform(0.5, 1, 200)
    few = said(top.tolist(), (random.random(200) < top).tolist())
    bins = calibration.equal_mass(top)
    chance = calibration.error_by_chance(few, bins)
    assert 0.05 < chance < 0.12
    assert calibration.report(few).ece_equal_mass == pytest.approx(chance, abs=0.04)
    many = said(np.tile(top, 50).tolist(), [True] * 10_000)
    again = calibration.equal_mass(np.tile(top, 50))
    assert calibration.error_by_chance(many, again) == pytest.approx(chance / 50**0.5, rel=0.15)


def test_scikit_learn_agrees() -> None:
    random = np.random.default_rng(0)
    told = random.dirichlet([1, 1, 1], 200)
    truth = random.integers(0, 3, 200)
    found = Predictions.of(("a", "b", "c"), told, ["abc"[at] for at in truth], [""] * 200)
    assert float(calibration.log_loss(found)[0]) == pytest.approx(metrics.log_loss(truth, told))


def test_no_film_and_a_true_class_that_was_ruled_out() -> None:
    empty = calibration.report(said([], []))
    assert empty.to_json() == {
        **{"films": 0, "ece_equal_width": None, "ece_equal_mass": None},
        **{"brier": None, "log_loss": None, "bins": []},
    }
    assert calibration.report(said([1.0], [False])).log_loss == pytest.approx(-math.log(1e-12))
