"""Cases of the suggested diagnosis first."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.refining.diagnosis import NAME, ByDiagnosis
from retrieval.refining.similarity import BySimilarity
from tests.retrieval.refining.small import BLOCKS, query, ranker

EVERYBODY = np.ones(4, bool)


def ranking(share: float, labels: tuple[str, ...] = ("sick", "well", "", "sick")) -> ByDiagnosis:
    """Four cases that score .9, .8, .7 and .6."""
    rows = [[0.9, 0, 0, 0], [0.8, 0, 0, 0], [0.7, 0, 0, 0], [0.6, 0, 0, 0]]
    plain = BySimilarity(ranker(rows), query(1, 0, 0, 0), BLOCKS)
    made = ByDiagnosis.of(plain, {"sick": 0.25, "well": 0.75}, labels)
    return ByDiagnosis(
        made.plain, made.probabilities, made.labels, made.names, made.label_of_row, share
    )


def test_scores_by_hand() -> None:
    found = ranking(0.5).nearest(10, EVERYBODY)
    assert [one.case for one in found] == [1, 0, 3, 2]
    assert [one.score for one in found] == pytest.approx([0.775, 0.575, 0.425, 0.35])
    given_ = ranking(0.5).contributions(found[0])
    assert given_ == pytest.approx({"colour": 0.4, "text": 0.0, NAME: 0.375})


def test_the_first_are_those_of_all() -> None:
    whole = [one.case for one in ranking(0.3).nearest(4, EVERYBODY)]
    for count in range(5):
        assert [one.case for one in ranking(0.3).nearest(count, EVERYBODY)] == whole[:count]


def test_only_what_is_allowed() -> None:
    allowed = np.array([True, False, True, False])
    assert [one.case for one in ranking(0.5).nearest(10, allowed)] == [0, 2]
    assert ranking(0.5).nearest(10, np.zeros(4, bool)) == []


def test_one_label_or_none_keeps_the_order() -> None:
    for labels in (("sick",) * 4, ("",) * 4):
        assert [one.case for one in ranking(0.9, labels).nearest(4, EVERYBODY)] == [0, 1, 2, 3]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16), st.floats(0, 1))
def test_the_parts_sum_to_the_score_and_the_order_is_exact(seed: int, share: float) -> None:
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(20, 4)).astype(np.float32)
    labels = tuple(random.choice(["a", "b", ""], 20).tolist())
    plain = BySimilarity(ranker(vectors.tolist()), query(0.4, 0.3, 0.2, 0.1), BLOCKS)
    made = ByDiagnosis.of(plain, {"a": 0.7, "b": 0.3}, labels)
    told = ByDiagnosis(
        made.plain, made.probabilities, made.labels, made.names, made.label_of_row, share
    )
    found = told.nearest(7, np.ones(20, bool))
    for one in found:
        assert sum(told.contributions(one).values()) == pytest.approx(one.score, abs=1e-5)
    own = np.array([{"a": 0.7, "b": 0.3}.get(label, 0.0) for label in labels])
    expected = (1 - share) * (vectors @ plain.vector[0]) + share * own
    assert [one.score for one in found] == pytest.approx(np.sort(expected)[::-1][:7], abs=1e-5)
