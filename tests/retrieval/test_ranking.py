"""Cases are ranked exactly, whichever way their rows are found."""

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import ranking
from retrieval.ranking import CaseRanker, Ranked

DIM = 6


def made(rows: np.ndarray, cases: np.ndarray) -> CaseRanker:
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return CaseRanker(index, cases)


def plainly(
    query: np.ndarray, rows: np.ndarray, cases: np.ndarray, allowed: np.ndarray
) -> list[tuple[int, float]]:
    """Every case's mean of best similarities, by hand."""
    scores = {}
    for case in np.unique(cases[allowed]):
        mine = rows[allowed & (cases == case)]
        scores[int(case)] = float((query @ mine.T).max(axis=1).mean())
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


@pytest.mark.parametrize("gather", [0, 4096])
@given(seed=st.integers(0, 10_000), instances=st.integers(1, 4), count=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_nearest_is_what_a_full_look_gives(
    gather: int, seed: int, instances: int, count: int
) -> None:
    random = np.random.default_rng(seed)
    total = int(random.integers(1, 120))
    rows = random.standard_normal((total, DIM)).astype(np.float32)
    cases = random.integers(0, max(1, total // 3), total)
    cases = np.unique(cases, return_inverse=True)[1].astype(np.int64)
    allowed = random.random(total) < 0.6
    query = random.standard_normal((instances, DIM)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking, "_GATHER_ROWS", gather)
        found = made(rows, cases).nearest(query, count, allowed)
    expected = plainly(query, rows, cases, allowed)[:count]
    assert [one.case for one in found] == [case for case, _ in expected]
    np.testing.assert_allclose([one.score for one in found], [s for _, s in expected], atol=1e-5)


def test_contributions_sum_to_the_score() -> None:
    rows = np.array([[1, 0, 0, 1], [0, 1, 1, 0]], np.float32)
    ranker = made(rows, np.array([0, 0]))
    query = np.array([[0.75, 0, 0, 0.25], [0, 0.5, 0.5, 0]], np.float32)
    (found,) = ranker.nearest(query, 1, np.ones(2, bool))
    assert found == Ranked(0, 1.0, (0, 1))
    given_ = ranker.contributions(query, found, {"a": slice(0, 2), "b": slice(2, 4)})
    assert given_ == {"a": 0.625, "b": 0.375}
    assert ranker.best_row(query, found) == 0


def test_nothing_allowed_gives_nothing() -> None:
    ranker = made(np.eye(3, dtype=np.float32), np.arange(3))
    assert ranker.nearest(np.ones((1, 3), np.float32), 5, np.zeros(3, bool)) == []
    assert ranker.nearest(np.ones((1, 3), np.float32), 0, np.ones(3, bool)) == []
