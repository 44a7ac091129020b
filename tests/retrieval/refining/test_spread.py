"""From words to pictures."""

import numpy as np
import pytest

from retrieval.refining.similarity import BySimilarity
from retrieval.refining.spread import NAME, BySpread, spread
from tests.retrieval.refining.small import BLOCKS, query, ranker

WORDS = np.array([[1, 0]], np.float32)
ROWS = [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 0], [0, 1, 0, 0]]
"""Two cases with a text, one of which matches; and two without, which look like one each."""
ANNOTATED = np.array([True, True, False, False])


def test_words_look_like_the_cases_that_match() -> None:
    found = spread(ranker(ROWS), BLOCKS, WORDS, ANNOTATED)
    assert found.cases == 1
    np.testing.assert_allclose(found.blocks["colour"], [[1, 0]], atol=1e-6)
    assert set(found.blocks) == {"colour"}


def test_only_the_nearest_texts_speak() -> None:
    rows: list[list[float]] = [[1, 0, 1, 0], [0, 1, 0.5, 0]]
    found = spread(ranker(rows), BLOCKS, WORDS, np.ones(2, bool), 1)
    assert found.cases == 1
    np.testing.assert_allclose(found.blocks["colour"], [[1, 0]], atol=1e-6)


def test_nearer_texts_count_more() -> None:
    rows: list[list[float]] = [[1, 0, 1, 0], [0, 1, 0.5, 0]]
    found = spread(ranker(rows), BLOCKS, WORDS, np.ones(2, bool))
    np.testing.assert_allclose(found.blocks["colour"][0], np.array([2, 1]) / np.sqrt(5), atol=1e-6)


def test_where_nothing_matches_nothing_is_spread() -> None:
    for who in (np.zeros(4, bool), np.array([False, True, False, False])):
        found = spread(ranker(ROWS), BLOCKS, WORDS, who)
        assert found.cases == 0
        assert not found.blocks["colour"].any()


def test_the_part_of_the_pictures_is_one() -> None:
    told = BySpread(BySimilarity(ranker(ROWS), query(0.5, 0, 0.5, 0), BLOCKS))
    found = told.nearest(2, np.ones(4, bool))
    assert [one.case for one in found] == [0, 2]
    assert told.contributions(found[0]) == pytest.approx({"text": 0.5, NAME: 0.5})
    assert told.contributions(found[1]) == pytest.approx({"text": 0.0, NAME: 0.5})
    assert told.best_row(found[1]) == 2
