"""Copies of a film on two sides of a split, in any order."""

from itertools import permutations

import pytest

from indexer.copies import Copies

Rows = list[tuple[str, str, str, str]]
"""Key, bytes, patient, split."""


@pytest.mark.parametrize(
    ("rows", "moved"),
    [
        ([("a", "1", "P", ""), ("b", "2", "P", "test")], {}),
        ([("a", "1", "P", "archive"), ("b", "2", "Q", "test")], {}),
        ([("a", "1", "P", ""), ("z", "1", "P", "Test")], {"1": "Test"}),
        ([("a", "1", "P", "val"), ("z", "1", "P", "test")], {"1": "test"}),
        ([("a", "1", "P", ""), ("b", "2", "P", ""), ("c", "1", "Q", "query")], {"1", "2"}),
        (
            [
                ("a", "1", "Q", ""),
                ("b", "1", "P", ""),
                ("c", "2", "P", "test"),
                ("d", "3", "R", ""),
            ],
            {"1"},
        ),
    ],
)
def test_what_measures_counts(rows: Rows, moved: set[str] | dict[str, str]) -> None:
    for order in permutations(rows):
        copies = Copies()
        first: dict[str, str] = {}
        for key, contents, patient, split in order:
            assert copies.first(key, [contents], patient, split) == first.setdefault(contents, key)
        sides = copies.sides()
        found = {contents for contents, key in first.items() if key in sides}
        # What is on the side that measures already, by its own row, is not moved.
        said = {key: split for key, _, _, split in order}
        wanted = {one for one in moved if said[first[one]].casefold() not in ("test", "query")}
        assert found == wanted
        assert all(side.casefold() in ("test", "query") for side in sides.values())
