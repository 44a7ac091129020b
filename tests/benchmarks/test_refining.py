"""Ways to refine a search that are measured beside those of the product."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.refining import plainest
from benchmarks.refining_diffusion import Diffusion
from benchmarks.refining_expansion import Expansion
from benchmarks.refining_marks import Marking, rocchio
from benchmarks.refining_reciprocal import Reciprocal
from benchmarks.refining_search import Asking, Refined, refined
from benchmarks.refining_seen import Candidates
from benchmarks.refining_trial import Outcome
from benchmarks.refining_views import CORNERS, flipped
from tests.retrieval.refining.small import BLOCKS, query, ranker

WEIGHTS = {"colour": 1.0, "text": 0.0}
NEAR: list[list[float]] = [[0.96, 0.28, 0, 0], [0.8, 0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 1, 0, 0]]


def seen(people: list[int] | None = None) -> Candidates:
    """A query (1, 0) and four cases that turn away from it."""
    vectors = np.array(NEAR, np.float32)
    return Candidates(
        query(1, 0, 0, 0),
        vectors[:, None],
        vectors[:, 0],
        np.array(people or [0, 1, 2, 3]),
        WEIGHTS,
        BLOCKS,
    )


def test_expansion_by_hand() -> None:
    found = Expansion(2, 0).expanded(seen())
    total = np.array([1 + 0.96 + 0.8, 0.28 + 0.6])
    np.testing.assert_allclose(found[0, :2], total / np.linalg.norm(total), atol=1e-6)
    assert not found[0, 2:].any()
    nearer = Expansion(2, 3).expanded(seen())
    assert nearer[0, 0] > found[0, 0]


def test_similarity_of_one_person_counts_as_none() -> None:
    told = seen([0, 1, 1, 2]).similarity()
    assert told[2, 3] == told[3, 2] == 0
    np.testing.assert_allclose(told[0], [1, 0.96, 0.8, 0.6, 0], atol=1e-6)
    np.testing.assert_allclose(np.diag(told), 1)


@pytest.mark.parametrize("way", [Reciprocal(2, 1, 0.5, 10), Diffusion(2, 2, 0.9, 0.5, 10)])
def test_agreement_falls_with_the_distance(way: Reciprocal | Diffusion) -> None:
    told = way.agreement(seen())
    assert ((told >= 0) & (told <= 1)).all()
    assert told[0] > told[-1]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16))
def test_a_refined_score_is_the_sum_of_its_parts(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.random((12, 4))
    rows[:, :2] /= np.linalg.norm(rows[:, :2], axis=1, keepdims=True)
    found = ranker(rows.tolist())
    everybody = np.ones(12, bool)
    asking = Asking(query(1, 0, 0, 0), WEIGHTS, BLOCKS)
    told = refined(Diffusion(3, 2, 0.9, 0.4, 5), asking, found, np.arange(12), everybody)
    ranked = told.nearest(found, 12, everybody)
    assert sorted(one.case for one in ranked) == list(range(12))
    for one in ranked:
        own = 0.6 * rows[one.case, 0] + 0.4 * told.agreement.get(one.case, 0.0)
        assert one.score == pytest.approx(own, abs=1e-5)


def test_nobody_to_refine_by() -> None:
    asking = Asking(query(1, 0, 0, 0), WEIGHTS, BLOCKS)
    nobody = np.zeros(4, bool)
    told = refined(Expansion(2, 0), asking, ranker(NEAR), np.arange(4), nobody)
    assert isinstance(told, Refined)
    assert told.nearest(ranker(NEAR), 3, nobody) == []


def test_rocchio_by_hand() -> None:
    liked, none = np.array([[0, 1, 0, 1]], np.float32), np.zeros((0, 4), np.float32)
    told = Marking(Asking(query(1, 0, 0, 0), WEIGHTS, BLOCKS), liked, none, none)
    np.testing.assert_allclose(rocchio(1, 1)(told)[0], [0.5**0.5, 0.5**0.5, 0, 0], atol=1e-6)


def test_the_plainest_form_within_one_error_is_taken() -> None:
    random = np.random.default_rng(0)
    base = random.random((50, 4))
    patients = [str(at) for at in range(50)]
    near = Outcome(base + random.normal(0, 0.1, (50, 4)), 1)
    assert plainest({"plain": Outcome(base, 1), "other": near}, patients) in ("plain", "other")
    better = Outcome(base + 0.1, 1)
    assert plainest({"plain": Outcome(base, 1), "better": better}, patients) == "better"
    assert plainest({"plain": better, "same": better}, patients) == "plain"


def test_views() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    assert (flipped(picture)[:, 0] == picture[:, 3]).all()
    assert all(view(picture).shape == picture.shape for view in CORNERS)
