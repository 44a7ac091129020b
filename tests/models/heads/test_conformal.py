"""Sets of labels: by hand, and that they keep their promise on what is drawn alike."""

import numpy as np
import pytest

from models.heads.conformal import ConformalSets
from models.heads.linear import softmax

NINE = tuple(at / 10 for at in range(1, 10))


def test_by_hand() -> None:
    sets = ConformalSets({"a": NINE, "b": NINE})
    # No case of label b had less than 0.1: (0 + 1) / (9 + 1) is not more than a tenth.
    assert sets.of({"a": 0.95, "b": 0.05}, 0.9) == ("a",)
    assert sets.of({"a": 0.9, "b": 0.1}, 0.9) == ("a", "b")
    assert sets.of({"a": 0.6, "b": 0.4}, 0.5) == ("a",)
    assert sets.credibility("b", 0.25, 0.9) == 0.3


def test_a_label_with_too_few_cases_is_never_ruled_out() -> None:
    sets = ConformalSets({"a": NINE, "rare": (0.9,) * 8})
    assert sets.of({"a": 0.96, "rare": 0.04}, 0.9) == ("a", "rare")
    assert sets.of({"a": 0.96, "rare": 0.04}, 0.5) == ("a",)  # which eight cases are enough for
    assert sets.credibility("new", 0.15, 0.9) == 1.0


@pytest.mark.parametrize("cases", [3, 8])
def test_the_promise_is_kept_for_a_rare_label_too(cases: int) -> None:
    random = np.random.default_rng(3)
    truth = np.repeat([0, 1, 2], [400, 400, cases])
    given = softmax(2 * np.eye(3)[truth] + random.standard_normal((len(truth), 3)) - [0, 0, 2])
    sets = ConformalSets.fit(given, truth, ("a", "b", "rare"))
    asked = softmax(2 * np.eye(3)[[2] * 200] + random.standard_normal((200, 3)) - [0, 0, 2])
    held = [
        "rare" in sets.of(dict(zip("ab", one, strict=False)) | {"rare": one[2]}, 0.9)
        for one in asked.tolist()
    ]
    assert np.mean(held) >= 0.9


def test_whether_a_coverage_can_be_held() -> None:
    sets = ConformalSets({"a": NINE})
    assert sets.holds(0.9)
    assert not sets.holds(0.95)
    assert not ConformalSets({"a": ()}).holds(0.5)


def test_more_coverage_never_takes_a_label_out() -> None:
    random = np.random.default_rng(0)
    sets = ConformalSets({n: tuple(np.sort(random.random(200))) for n in "abc"})
    for odds in random.standard_normal((50, 3)):
        told = dict(zip("abc", softmax(odds).tolist(), strict=True))
        sizes = [set(sets.of(told, coverage)) for coverage in (0.5, 0.8, 0.9, 0.99)]
        assert sizes[0] <= sizes[1] <= sizes[2] <= sizes[3]


@pytest.mark.parametrize("coverage", [0.8, 0.9])
@pytest.mark.parametrize("bias", [0.0, 1.0])
def test_the_promise_is_kept_for_each_label(coverage: float, bias: float) -> None:
    """Also where probabilities are wrong: the proof asks only that cases are drawn alike."""
    random = np.random.default_rng(1)
    truth = random.choice(3, 6000, p=[0.7, 0.2, 0.1])
    odds = 2 * np.eye(3)[truth] + random.standard_normal((6000, 3)) + [bias, 0, -bias]
    given = softmax(odds)
    sets = ConformalSets.fit(given[:2000], truth[:2000], ("a", "b", "c"))
    held = np.array(
        [
            "abc"[label] in sets.of(dict(zip("abc", one, strict=True)), coverage)
            for one, label in zip(given[2000:].tolist(), truth[2000:], strict=True)
        ]
    )
    for label in range(3):
        assert held[truth[2000:] == label].mean() == pytest.approx(coverage, abs=0.05)
