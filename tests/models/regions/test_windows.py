"""Windows over cells: where they are, and that the planted one is found, exactly."""

import numpy as np

from models.regions.cells import Cells
from models.regions.windows import Spread, Windows, alike, described, floats

PLAIN = Spread(np.zeros(2, np.float32), np.eye(2, dtype=np.float32))


def test_windows_cover_the_picture_in_three_sizes() -> None:
    windows = Windows.like((0.1, 0.1, 0.5, 0.25), (4, 4))
    assert {round(float(one), 4) for one in windows.boxes[:, 2]} == {0.4, 0.5, 0.625}
    np.testing.assert_allclose(windows.shares.sum(axis=1), 1, atol=1e-5)
    ends = windows.boxes[:, :2] + windows.boxes[:, 2:]
    assert float(windows.boxes.min()) >= 0 and float(ends.max()) <= 1 + 1e-6
    assert np.isclose(ends.max(axis=0), 1).all()
    whole = Windows.like((0, 0, 1, 1), (4, 4))
    assert [0, 0, 1, 1] in whole.boxes.tolist()


def test_the_window_with_the_like_is_found_and_its_score_is_the_cosine() -> None:
    numbers = np.zeros((2, 16, 2), np.float32)
    numbers[..., 0] = 1
    numbers[1, 10] = (0, 3)  # row 2, column 2 of the second picture
    cells = Cells.of(numbers)
    windows = Windows.like((0, 0, 0.25, 0.25), (4, 4))
    query = np.array([[0, 1]], np.float32)
    values, places = alike(cells, PLAIN, windows, query)
    assert abs(values[0, 0]) < 1e-6
    box = windows.boxes[places[1, 0]]
    assert 0.5 <= box[0] + box[2] / 2 <= 0.75 and 0.5 <= box[1] + box[3] / 2 <= 0.75
    mean = windows.shares[places[1, 0]] @ floats(cells)[1]
    assert np.isclose(values[1, 0], mean[1] / np.linalg.norm(mean))


def test_a_region_is_the_mean_of_its_cells_at_unit_length() -> None:
    numbers = np.array([[[3, 0], [0, 4]], [[1, 0], [1, 0]]], np.float32)
    weights = np.array([[0.5, 0.5], [0, 0]], np.float32)
    told = described(Cells.of(numbers), PLAIN, weights)
    assert np.allclose(told, np.array([[0.6, 0.8], [0, 0]], np.float32), atol=0.01)
