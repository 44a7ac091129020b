"""How sure one may be: bands, error, and where the curve turns."""

import numpy as np
import pytest

from models.heads.calibration import Band, Calibration


def told(top: np.ndarray) -> np.ndarray:
    """Two classes, the first with these probabilities."""
    return np.stack([top, 1 - top], axis=1)


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    top = random.uniform(0.5, 1, count)
    return top, (random.random(count) > top).astype(np.intp)


def test_calibrated_answers_have_little_error_and_turn_at_two_thirds() -> None:
    top, truth = drawn(4000)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    assert found.cases == 4000
    assert found.accuracy == pytest.approx(0.75, abs=0.02)
    assert found.ece < 0.03
    assert found.unsure_below == pytest.approx(2 / 3, abs=0.03)


def test_answers_that_are_too_sure_turn_later() -> None:
    random = np.random.default_rng(0)
    top = random.uniform(0.5, 1, 4000)
    honest = 1 / (1 + np.sqrt(1 / top - 1))  # half the log odds; 0.8 becomes two thirds
    truth = (random.random(4000) > honest).astype(np.intp)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    assert found.ece == pytest.approx(float((top - honest).mean()), abs=0.02)
    assert found.unsure_below == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("right", "low", "high"), [(1.0, 0.0, 0.5), (0.0, 0.99, 1.0)])
def test_always_right_and_never_right(right: float, low: float, high: float) -> None:
    top = np.linspace(0.5, 1, 500)
    truth = np.full(500, 0 if right else 1)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    assert found.accuracy == right
    assert low <= found.unsure_below <= high


def test_bands_are_of_a_label_and_of_forty_cases_at_least() -> None:
    top, truth = drawn(200)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    bands = [band for band in found.bands if band.label == "a"]
    assert [band.cases for band in bands] == [40] * 5
    assert [band.low for band in bands] == sorted(band.low for band in bands)
    assert bands == [Band("a", b.low, b.cases, b.right) for b in found.bands if b.label == "a"]
    assert sum(band.right for band in bands) == int((truth == 0).sum())


def test_an_answer_is_compared_with_its_like() -> None:
    bands = (Band("a", 0.5, 40, 20), Band("a", 0.8, 40, 36), Band("", 0.4, 90, 60))
    found = Calibration(90, 0.05, 0.7, bands, 0.6)
    assert found.like("a", 0.9) == bands[1]
    assert found.like("a", 0.79) == bands[0]
    assert found.like("a", 0.3) == bands[0]
    assert found.like("rare", 0.9) == bands[2]
    assert Calibration(30, 0.05, 0.7, (), 0.6).like("a", 0.9) is None


def test_few_cases_have_no_bands_and_one_bin() -> None:
    top, truth = drawn(20)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    assert found.bands == ()
    assert found.ece == pytest.approx(abs(float((truth == 0).mean() - top.mean())))
