"""Groups of films that pairs connect."""

import pytest

from indexer.check.near import joined


@pytest.mark.parametrize(
    ("pairs", "groups"),
    [
        ([], []),
        ([(1, 4)], [[1, 4]]),
        ([(1, 4), (2, 3)], [[1, 4], [2, 3]]),
        ([(3, 4), (1, 2), (2, 3)], [[1, 2, 3, 4]]),
        ([(5, 6), (1, 6), (1, 2), (8, 9)], [[1, 2, 5, 6], [8, 9]]),
    ],
)
def test_joined(pairs: list[tuple[int, int]], groups: list[list[int]]) -> None:
    assert joined(pairs) == groups
