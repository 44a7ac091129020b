"""Measures of rankings, with the numbers written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import UsageError
from models.measures.ranked import AT_K, NOBODY, WHOLE, Rankings, measure

# Three labels: 0, 1, 2. The first query finds 0 1 0 2 0 and wants 3 of 0; the second finds
# 1 1 0 and nothing more, and wants 4 of 0.
TOLD = Rankings(
    np.array([[0, 1, 0, 2, 0], [1, 1, 0, NOBODY, NOBODY]], np.intp),
    np.array([0, 0], np.intp),
    np.array([3, 4], np.intp),
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hit_rate@1", [1, 0]),
        ("hit_rate@3", [1, 1]),
        ("recall@1", [1 / 3, 0]),
        ("recall@5", [1, 1 / 4]),
        ("precision@2", [1 / 2, 0]),
        ("precision@5", [3 / 5, 1 / 5]),
        ("precision@10", [3 / 10, 1 / 10]),
        ("mAP", [(1 + 2 / 3 + 3 / 5) / 3, (1 / 3) / 4]),
        ("MAP@R", [(1 + 2 / 3) / 3, (1 / 3) / 4]),
        ("nDCG@3", [(1 + 0.5) / (1 + 1 / np.log2(3) + 0.5), 0.5 / (1 + 1 / np.log2(3) + 0.5)]),
        ("top_mAP@5", [(1 + 2 / 3 + 3 / 5) / 3, 1 / 3]),
        ("top_mAP@1", [1, 0]),
        ("vote@1", [1, 0]),
        ("vote@2", [1, 0]),  # a tie that the query's label takes part in counts as right
        ("vote@5", [1, 0]),
    ],
)
def test_by_hand(name: str, expected: list[float]) -> None:
    np.testing.assert_allclose(measure(name)(TOLD), expected, atol=1e-12)


@given(st.lists(st.integers(0, 2), min_size=3, max_size=12), st.integers(1, 15))
def test_a_perfect_order_is_1_and_none_is_above_it(found: list[int], k: int) -> None:
    if found.count(0) == 0:
        found = [0, *found]
    wanted = np.array([found.count(0)], np.intp)
    asked = np.zeros(1, np.intp)
    any_order = Rankings(np.array([found], np.intp), asked, wanted)
    best = Rankings(np.array([sorted(found)], np.intp), asked, wanted)
    for name in [*WHOLE, *(f"{base}@{k}" for base in AT_K)]:
        reached, most = measure(name)(any_order)[0], measure(name)(best)[0]
        assert 0 <= reached <= most + 1e-12
        assert most <= 1 + 1e-12
    assert measure("mAP")(best)[0] == pytest.approx(1)
    assert measure("MAP@R")(best)[0] == pytest.approx(1)
    assert measure(f"nDCG@{k}")(best)[0] == pytest.approx(1)


@pytest.mark.parametrize("name", ["accuracy", "precision", "precision@0", "mAP@x", "recall@-1"])
def test_what_does_not_exist(name: str) -> None:
    with pytest.raises(UsageError, match="there is no measure"):
        measure(name)


def test_of_nobody() -> None:
    none = Rankings(np.zeros((0, 4), np.intp), np.zeros(0, np.intp), np.zeros(0, np.intp))
    for name in [*WHOLE, *(f"{base}@3" for base in AT_K)]:
        assert measure(name)(none).shape == (0,)
