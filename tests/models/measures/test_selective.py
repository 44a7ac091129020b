"""Risk and coverage, by hand."""

import math

import numpy as np
import pytest

from models.measures import selective


def test_by_hand() -> None:
    sure = np.array([0.9, 0.8, 0.8, 0.5])
    found = selective.curve(sure, np.array([True, True, False, False]))
    # The two at 0.8 are answered together.
    assert found.coverage.tolist() == [0.25, 0.75, 1.0]
    assert found.risk.tolist() == pytest.approx([0, 1 / 3, 1 / 2])
    assert found.aurc == pytest.approx(0.5 / 3 + 0.25 / 2)
    assert [found.at(0.25), found.at(0.5), found.at(1.0)] == pytest.approx([0, 1 / 3, 0.5])
    assert found.to_json()["risk_at_coverage"][0] == {"coverage": 1.0, "risk": 0.5}


def test_a_sureness_that_knows_is_better_than_one_that_does_not() -> None:
    random = np.random.default_rng(0)
    right = random.random(1000) < 0.7
    knows = selective.curve(right + 0.5 * random.random(1000), right)
    guesses = selective.curve(random.random(1000), right)
    assert knows.aurc < 0.1 < guesses.aurc
    assert knows.at(0.65) == 0


def test_no_film() -> None:
    empty = selective.curve(np.zeros(0), np.zeros(0, bool))
    assert math.isnan(empty.aurc)
    assert empty.to_json()["aurc"] is None
    assert empty.to_json()["risk_at_coverage"][0]["risk"] is None
