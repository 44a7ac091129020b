"""How sure one may be: others like it, the error, and where the curve turns."""

import numpy as np
import pytest

from models.heads.calibration import Answers, Calibration, Like


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


def test_an_answer_is_compared_with_the_forty_that_were_about_as_sure() -> None:
    top, truth = drawn(2000)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    assert set(found.answers) == {"a"}
    for probability in (0.55, 0.75, 0.95):
        like = found.like("a", probability)
        assert like is not None
        assert (like.label, like.cases) == ("a", 40)
        assert like.right / 40 == pytest.approx(probability, abs=0.2)
    nearest = np.argsort(abs(top - 0.75))[:40]
    assert found.like("a", 0.75) == Like("a", 40, int((truth[nearest] == 0).sum()))


def test_a_label_that_was_suggested_rarely_is_compared_with_all() -> None:
    answers = {
        "a": Answers((0.5,) * 40, (True,) * 30 + (False,) * 10),
        "rare": Answers((0.9,) * 4, (True, True, True, False)),
    }
    found = Calibration(44, 0.05, 0.7, answers, 0.6)
    assert found.like("a", 0.9) == Like("a", 40, 30)
    rare = found.like("rare", 0.9)
    assert rare is not None
    assert (rare.label, rare.cases) == ("", 40)
    assert found.like("new", 0.9) == rare
    few = Calibration(4, 0.05, 0.7, {"rare": answers["rare"]}, 0.6)
    assert few.like("rare", 0.9) is None


def test_few_cases_have_one_bin() -> None:
    top, truth = drawn(20)
    found = Calibration.fit(told(top), truth, ("a", "b"))
    assert found.ece == pytest.approx(abs(float((truth == 0).mean() - top.mean())))
