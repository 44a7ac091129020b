"""More like these, less like those."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import UsageError
from retrieval.refining.marks import MOST, Marks, columns_of, marks_of, moved, some_of
from tests.retrieval.refining.small import BLOCKS, query, ranker

NOBODY = np.zeros((0, 2), np.float32)


def test_one_liked_case_is_half_of_what_is_searched_for() -> None:
    """One case: d is the case itself, at length 1; with share 1 the query is the mean of both."""
    liked = np.array([[0, 1]], np.float32)
    found = moved(query(1, 0), np.ones(2, np.float32), (liked, NOBODY, NOBODY), (1.0, 1.0))
    np.testing.assert_allclose(found, [[0.5, 0.5]], atol=1e-6)


def test_an_unliked_case_is_moved_away_from() -> None:
    others = np.array([[0, 1]], np.float32)
    found = moved(query(1, 0), np.ones(2, np.float32), (NOBODY, others, NOBODY), (1.0, 1.0))
    np.testing.assert_allclose(found, [[0.5, -0.5]], atol=1e-6)


def test_liked_and_unliked_by_hand() -> None:
    """Orthogonal cases: alpha is (1/2, -1/2), so d is (1, -1) / sqrt(2)."""
    liked, others = np.array([[1, 0]], np.float32), np.array([[0, 1]], np.float32)
    found = moved(query(1, 0), np.ones(2, np.float32), (liked, others, NOBODY), (1.0, 3.0))
    expected = (np.array([1, 0]) + 3 * np.array([1, -1]) / np.sqrt(2)) / 4
    np.testing.assert_allclose(found[0], expected, atol=1e-6)


def test_what_is_no_number_is_passed_over() -> None:
    liked = np.array([[0, 1], [np.nan, 0]], np.float32)
    found = moved(query(1, 0), np.ones(2, np.float32), (liked, NOBODY, NOBODY), (1.0, 1.0))
    np.testing.assert_allclose(found, [[0.5, 0.5]], atol=1e-6)
    nothing = moved(query(1, 0), np.ones(2, np.float32), (liked[1:], NOBODY, NOBODY))
    np.testing.assert_array_equal(nothing, query(1, 0))


def test_a_block_that_the_query_lacks_stays_away() -> None:
    found = ranker([[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 0, 1]])
    vector = query(0.5, 0, 0, 0)
    weights = {"colour": 0.5, "text": 0.5}
    np.testing.assert_array_equal(columns_of(weights, BLOCKS, vector), [0.5, 0.5, 0, 0])
    marks = Marks(like=(1,))
    rest = ~marks.rows(found)
    told = marks.moved(found, vector, BLOCKS, weights, rest)
    assert told[0, 1] > 0
    assert not told[0, 2:].any()


def test_without_marks_nothing_is_moved() -> None:
    found = ranker([[1, 0, 1, 0]])
    vector = query(0.5, 0, 0.5, 0)
    assert Marks().moved(found, vector, BLOCKS, {}, np.ones(1, bool)) is vector
    assert not Marks().rows(found).any()


def test_a_case_of_several_pictures_is_marked_whole() -> None:
    found = ranker([[1, 0], [0, 1], [1, 0]], [0, 0, 1])
    assert Marks(like=(0,)).rows(found).tolist() == [True, True, False]


def test_the_unseen_are_the_same_every_time() -> None:
    unseen = np.ones(100, bool)
    unseen[50:] = False
    first = some_of(unseen)
    assert first.tolist() == some_of(unseen).tolist()
    assert len(set(first.tolist())) == 30 and first.max() < 50
    assert some_of(np.zeros(3, bool)).size == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**16), st.integers(0, 4), st.integers(0, 4), st.floats(0.1, 10))
def test_no_score_is_above_one(seed: int, liked: int, others: int, share: float) -> None:
    random = np.random.default_rng(seed)
    columns = np.repeat(np.array([0.3, 0.7], np.float32), 3)

    def cases(count: int) -> np.ndarray:
        rows = random.normal(size=(count, 2, 3))
        rows /= np.linalg.norm(rows, axis=2, keepdims=True)
        return rows.reshape(count, 6).astype(np.float32)

    vector = cases(1) * columns
    found = moved(vector, columns, (cases(liked), cases(others), cases(2)), (1.0, share))
    assert (cases(50) @ found[0]).max() <= 1 + 1e-5


@pytest.mark.parametrize(
    ("like", "unlike", "words"),
    [
        (["a"], ["b", "a"], "the case 'a' is marked both as like and as unlike"),
        (["a", "zz"], [], "the index has no case 'zz'"),
        ([str(n) for n in range(MOST + 1)], [], f"{MOST + 1} cases are marked; at most {MOST}"),
    ],
)
def test_what_does_not_fit(like: list[str], unlike: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        marks_of(["a", "b"], like, unlike)


def test_a_case_marked_twice_is_marked_once() -> None:
    assert marks_of(["a", "b", "c"], ["c", "c"], ["a"]) == Marks((2,), (0,))
    assert marks_of(["a"], [], []) == Marks()
