"""Each aggregation against the plainest form of it, and on a case that can be done by hand."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import UsageError
from retrieval.aggregation import DEFAULT, TABLE, load
from tests.retrieval.aggregation.plain import PLAIN, rank_fusion

BY_HAND = np.array([[0.1, 0.9, 0.2], [0.8, 0.3, 0.4]], np.float32)
"""Two slices ask, three are there; each one's nearest crosses the other's."""


def made(seed: int, instances: int, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Likenesses (instances, rows), and where each case's rows begin and end."""
    random = np.random.default_rng(seed)
    starts = np.cumsum([0, *sizes]).astype(np.int64)
    return random.standard_normal((instances, starts[-1])).astype(np.float32), starts


@pytest.mark.parametrize(
    ("name", "value", "pairs"),
    [
        ("late", 0.85, [(0, 1), (1, 0)]),
        ("maximum", 0.9, [(0, 1)]),
        ("mean-best", 0.9, [(0, 1)]),
        ("ordered", 0.65, [(0, 1), (1, 2)]),
        ("symmetric", 0.775, [(0, 1), (1, 0), (1, 0), (0, 1), (1, 2)]),
        ("rank-fusion", 1 / 61, [(0, 1), (1, 0)]),
    ],
)
def test_one_case_by_hand(name: str, value: float, pairs: list[tuple[int, int]]) -> None:
    how = load(name)
    found = how.values(how.kept(BY_HAND, np.array([0, 3])))
    assert found.dtype == np.float32
    assert found.tolist() == pytest.approx([value])
    told = how.pairs(BY_HAND)
    assert list(zip(told.instances.tolist(), told.rows.tolist(), strict=True)) == pairs
    assert told.shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", sorted(PLAIN))
@given(
    seed=st.integers(0, 10_000),
    instances=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_values_are_what_the_plain_form_gives(
    name: str, seed: int, instances: int, sizes: list[int]
) -> None:
    how = load(name)
    similarity, starts = made(seed, instances, sizes)
    parts = [similarity[:, a:b] for a, b in pairwise(starts.tolist())]
    values = how.values(how.kept(similarity, starts))
    np.testing.assert_allclose(values, [PLAIN[name](part) for part in parts], atol=1e-5)
    for part, value in zip(parts, values, strict=True):
        pairs = how.pairs(part)
        assert pairs.shares @ part[pairs.instances, pairs.rows] == pytest.approx(value, abs=1e-5)
        assert how.ceiling(part.max(axis=1)) >= value - 1e-5


@given(
    seed=st.integers(0, 10_000),
    instances=st.integers(1, 5),
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=6),
)
@settings(max_examples=40, deadline=None)
def test_ranks_are_fused_as_published(seed: int, instances: int, sizes: list[int]) -> None:
    how = load("rank-fusion")
    similarity, starts = made(seed, instances, sizes)
    parts = [similarity[:, a:b] for a, b in pairwise(starts.tolist())]
    values = how.values(how.kept(similarity, starts))
    np.testing.assert_allclose(values, rank_fusion(parts), atol=1e-6)


def test_cases_that_are_equally_near_get_the_same_rank() -> None:
    how = load("rank-fusion")
    alike = np.array([[0.5, 0.5, 0.2]], np.float32)
    values = how.values(how.kept(alike, np.array([0, 1, 2, 3])))
    assert values.tolist() == pytest.approx([1 / 61, 1 / 61, 1 / 63])


def test_a_matching_in_order_goes_never_back_and_may_stay() -> None:
    same = load("ordered").pairs(np.ones((4, 3), np.float32))
    assert same.rows.tolist() == [0, 0, 0, 0]
    falling = load("ordered").pairs(np.eye(3, dtype=np.float32)[::-1])
    assert (np.diff(falling.rows) >= 0).all()


@pytest.mark.parametrize("name", [name for name in sorted(TABLE) if name != "symmetric"])
def test_for_one_picture_the_nearest_one_counts(name: str) -> None:
    """A slice that asks finds its series, and the slice in it, whatever the aggregation."""
    pairs = load(name).pairs(np.array([[0.2, 0.7, 0.1]], np.float32))
    assert (pairs.instances.tolist(), pairs.rows.tolist()) == ([0], [1])


def test_the_default_is_one_of_them_and_others_are_refused() -> None:
    assert DEFAULT in TABLE
    with pytest.raises(UsageError, match="no aggregation 'median'; there are: late, maximum"):
        load("median")
