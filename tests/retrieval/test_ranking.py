"""Cases are ranked exactly, whichever way their rows are found."""

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import ranking
from retrieval.aggregation import TABLE, load
from retrieval.ranking import CaseRanker, Ranked
from tests.retrieval.aggregation.plain import PLAIN, rank_fusion

DIM = 6


def made(rows: np.ndarray, cases: np.ndarray) -> CaseRanker:
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return CaseRanker(index, cases)


def plainly(
    query: np.ndarray, rows: np.ndarray, cases: np.ndarray, allowed: np.ndarray, name: str
) -> list[tuple[int, float]]:
    """Every case's value, by hand."""
    there = np.unique(cases[allowed]).tolist()
    parts = [query @ rows[allowed & (cases == case)].T for case in there]
    plain = PLAIN.get(name)
    values = rank_fusion(parts) if plain is None else [plain(part) for part in parts]
    return sorted(zip(there, values, strict=True), key=lambda item: (-item[1], item[0]))


@pytest.mark.parametrize("name", sorted(TABLE))
@pytest.mark.parametrize("way", ["gathered", "in blocks", "by FAISS"])
@given(seed=st.integers(0, 10_000), instances=st.integers(1, 4), count=st.integers(1, 12))
@settings(max_examples=25, deadline=None)
def test_nearest_is_what_a_full_look_gives(
    way: str, name: str, seed: int, instances: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    total = int(random.integers(1, 40 if name == "ordered" else 120))
    rows = random.standard_normal((total, DIM)).astype(np.float32)
    cases = random.integers(0, max(1, total // 3), total)
    cases = np.unique(cases, return_inverse=True)[1].astype(np.int64)
    allowed = random.random(total) < 0.6
    query = random.standard_normal((instances, DIM)).astype(np.float32)
    how = load(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_GATHER_ROWS", 4096 if way == "gathered" else 0)
        patch.setattr(ranking, "_SEVERAL", 99 if way == "by FAISS" else 2)
        patch.setattr(ranking, "_BLOCK_ROWS", 7 if way == "in blocks" else 512)
        ranker = made(rows, cases)
        found = ranker.nearest(query, count, allowed, how)
        order = ranker.order(query, allowed, how=how)
    expected = plainly(query, rows, cases, allowed, name)
    # Joined ranks may be equal but for the last digit: then either case may come first.
    value = dict(expected)
    for given_ in ([one.case for one in found], order.tolist()[:count]):
        reached = [value[case] for case in given_]
        np.testing.assert_allclose(reached, [v for _, v in expected[:count]], atol=1e-5)
    assert sorted(order.tolist()) == sorted(case for case, _ in expected)
    if name != "rank-fusion":
        assert [one.case for one in found] == [case for case, _ in expected[:count]]
        scores = [v for _, v in expected[:count]]
        np.testing.assert_allclose([one.score for one in found], scores, atol=1e-5)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_contributions_sum_to_the_score_in_every_way(name: str) -> None:
    random = np.random.default_rng(3)
    rows = random.standard_normal((40, DIM)).astype(np.float32)
    ranker = made(rows, np.repeat(np.arange(8), 5))
    query = random.standard_normal((4, DIM)).astype(np.float32)
    for found in ranker.nearest(query, 8, np.ones(40, bool), load(name)):
        split = ranker.contributions(query, found, {"a": slice(0, 2), "b": slice(2, DIM)})
        assert sum(split.values()) == pytest.approx(found.score, abs=1e-5)
        assert ranker.case_of_row[ranker.best_row(query, found)] == found.case


def test_a_large_case_is_not_cut() -> None:
    """A block holds whole cases, also where one alone is larger than a block should be."""
    rows = np.eye(6, dtype=np.float32)[:, :DIM]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_BLOCK_ROWS", 2)
        found = made(rows, np.array([0, 1, 1, 1, 1, 2])).nearest(
            np.eye(6, dtype=np.float32)[1:5], 3, np.ones(6, bool)
        )
    assert [(one.case, one.score, one.rows) for one in found] == [
        (1, 1.0, (1, 2, 3, 4)),
        (0, 0.0, (0, 0, 0, 0)),
        (2, 0.0, (5, 5, 5, 5)),
    ]


def test_slices_that_are_all_equal_are_ranked_like_one() -> None:
    rows = np.repeat(np.eye(3, DIM, dtype=np.float32), 4, axis=0)
    ranker = made(rows, np.repeat(np.arange(3), 4))
    query = np.repeat(np.eye(1, DIM, 1, dtype=np.float32), 5, axis=0)
    for name in TABLE:
        found = ranker.nearest(query, 3, np.ones(12, bool), load(name))
        assert [one.case for one in found] == [1, 0, 2], name
        assert found[0].score == pytest.approx(1), name


def test_contributions_sum_to_the_score() -> None:
    rows = np.array([[1, 0, 0, 1], [0, 1, 1, 0]], np.float32)
    ranker = made(rows, np.array([0, 0]))
    query = np.array([[0.75, 0, 0, 0.25], [0, 0.5, 0.5, 0]], np.float32)
    (found,) = ranker.nearest(query, 1, np.ones(2, bool))
    assert found == Ranked(0, 1.0, (0, 1), (0, 1), (0.5, 0.5))
    given_ = ranker.contributions(query, found, {"a": slice(0, 2), "b": slice(2, 4)})
    assert given_ == {"a": 0.625, "b": 0.375}
    assert ranker.best_row(query, found) == 0


def test_nothing_allowed_gives_nothing() -> None:
    ranker = made(np.eye(3, dtype=np.float32), np.arange(3))
    assert ranker.nearest(np.ones((1, 3), np.float32), 5, np.zeros(3, bool)) == []
    assert ranker.nearest(np.ones((1, 3), np.float32), 0, np.ones(3, bool)) == []
