"""The small square, its cells and the root of a histogram."""

import numpy as np

from models.descriptors.working import cells, grey_of, squared, unit_root


def test_means_without_and_with_a_mask() -> None:
    picture = np.array([[0.0, 0.4], [0.8, 0.8]], np.float32)
    small, inside = squared(picture, None, 1)
    assert inside is None
    np.testing.assert_allclose(small, [[0.5]], atol=1e-6)
    small, inside = squared(picture, np.array([[True, True], [False, False]]), 1)
    np.testing.assert_allclose(small, [[0.2]], atol=1e-6)
    assert inside is not None and inside.tolist() == [[True]]


def test_less_than_half_inside_is_outside() -> None:
    picture = np.ones((2, 2, 3), np.float32)
    small, inside = squared(picture, np.array([[True, False], [False, False]]), 1)
    assert inside is not None and inside.tolist() == [[False]]
    assert small.tolist() == [[[0.0, 0.0, 0.0]]]


def test_cells_are_numbered_row_by_row() -> None:
    assert cells(4, 2).tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3]


def test_luminance() -> None:
    picture = np.array([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]], np.float32)
    np.testing.assert_allclose(grey_of(picture), [[0.299, 0.587, 0.114]], atol=1e-6)


def test_the_root_has_unit_length() -> None:
    np.testing.assert_allclose(unit_root(np.array([9.0, 16.0])), [0.6, 0.8], atol=1e-7)
    assert unit_root(np.zeros(3)).tolist() == [0.0, 0.0, 0.0]
