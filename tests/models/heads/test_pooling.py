"""The pool: its temperature, its steps, and what it makes of parts that know nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.heads import pooling
from models.heads.evidence import FOLDS
from models.heads.linear import softmax
from models.heads.pooling import Pool

CLASSES = ("a", "b", "c")
ODDS = arrays(np.float64, (7, 3), elements=st.floats(-30, 30))


def answers(count: int, sureness: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that are as sure as they should be, and truths drawn from them; then sharpened.

    `sureness`: 1 leaves them calibrated, 2 doubles their log odds.
    """
    random = np.random.default_rng(seed)
    honest = softmax(1.5 * random.standard_normal((count, 3)))
    truth = (honest.cumsum(axis=1) < random.random((count, 1))).sum(axis=1)
    return softmax(sureness * np.log(honest)), truth


def folds(count: int) -> np.ndarray:
    return np.arange(count) % FOLDS


@given(ODDS, ODDS, st.floats(0, 4), st.floats(0, 4))
def test_probabilities_sum_to_1(a: np.ndarray, b: np.ndarray, one: float, two: float) -> None:
    pool = Pool({"a": one, "b": two}, {})
    found = pool.together({"a": softmax(a), "b": softmax(b)}, CLASSES)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()


@given(ODDS, st.permutations(range(3)))
def test_the_order_of_the_classes_does_not_matter(a: np.ndarray, order: list[int]) -> None:
    pool = Pool({"a": 0.7}, {})
    names = tuple(CLASSES[at] for at in order)
    found = pool.together({"a": softmax(a)[:, order]}, names)
    np.testing.assert_allclose(found, pool.together({"a": softmax(a)}, CLASSES)[:, order])


@given(ODDS, st.floats(0.1, 1), st.floats(1, 3))
def test_a_larger_weight_is_surer_and_leaves_the_order(
    a: np.ndarray, flat: float, sharp: float
) -> None:
    parts = {"a": softmax(np.clip(a, -5, 5))}
    unsure = Pool({"a": flat}, {}).together(parts, CLASSES)
    sure = Pool({"a": sharp}, {}).together(parts, CLASSES)
    assert (sure.max(axis=1) >= unsure.max(axis=1) - 1e-12).all()
    best = sure.argmax(axis=1)
    assert (unsure[np.arange(7), best] >= unsure.max(axis=1) - 1e-9).all()


@pytest.mark.parametrize("sureness", [0.5, 1.0, 2.0])
def test_it_finds_the_temperature(sureness: float) -> None:
    given_, truth = answers(2000, sureness)
    pool, left_out = pooling.fit({"a": given_}, truth, folds(2000), CLASSES)
    assert pool.weights["a"] == pytest.approx(1 / sureness, rel=0.12)
    assert pool.steps == {}
    honest = answers(2000, 1.0)[0]
    assert pooling.log_loss(left_out, truth) < pooling.log_loss(honest, truth) + 0.01


def test_a_part_that_knows_nothing_is_not_listened_to() -> None:
    given_, truth = answers(1000, 1.0)
    noise = softmax(np.random.default_rng(1).standard_normal((1000, 3)))
    pool, _ = pooling.fit({"a": given_, "noise": noise}, truth, folds(1000), CLASSES)
    assert pool.weights["noise"] < 0.1
    assert pool.weights["a"] == pytest.approx(1, abs=0.15)


def test_two_parts_that_know_different_things_are_both_listened_to() -> None:
    random = np.random.default_rng(0)
    odds = random.standard_normal((2, 1500, 3))
    both = softmax(odds[0] + odds[1])
    truth = (both.cumsum(axis=1) < random.random((1500, 1))).sum(axis=1)
    parts = {"a": softmax(odds[0]), "b": softmax(odds[1])}
    pool, left_out = pooling.fit(parts, truth, folds(1500), CLASSES)
    assert min(pool.weights.values()) > 0.8
    alone = min(pooling.log_loss(part, truth) for part in parts.values())
    assert pooling.log_loss(left_out, truth) < alone - 0.1


def test_steps_are_kept_where_no_temperature_helps_and_rise() -> None:
    random = np.random.default_rng(0)
    top = random.uniform(0.5, 1, 3000)
    right = random.random(3000) < np.where(top < 0.8, 0.55, 0.98)  # a jump, not a slope
    probabilities = np.stack([top, 1 - top], axis=1)
    pool, left_out = pooling.fit({"a": probabilities}, (~right).astype(np.intp), folds(3000), "ab")
    assert set(pool.steps) == {"a", "b"}
    for known, corrected in pool.steps.values():
        assert list(known) == sorted(known)
        assert list(corrected) == sorted(corrected)
    asked = np.array([[0.6, 0.4], [0.9, 0.1]])
    found = pool.together({"a": asked}, "ab")
    assert found[:, 0] == pytest.approx([0.55, 0.98], abs=0.04)
    assert left_out.sum(axis=1) == pytest.approx(1)


def test_few_cases_stay_near_even_weights() -> None:
    given_, truth = answers(4, 1.0)
    pool, _ = pooling.fit({"a": given_, "b": given_}, truth, folds(4), CLASSES)
    assert all(0 <= weight < 2 for weight in pool.weights.values())
