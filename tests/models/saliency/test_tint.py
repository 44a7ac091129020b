"""The tint marks what gave more than the mean place, and nothing else."""

import cv2
import numpy as np

from models.saliency.tint import FULL, SCALE, SIZE, as_png, laid_over, tint


def test_places_that_gave_no_more_than_the_mean_have_no_colour() -> None:
    for nothing in (np.ones((7, 7)), np.zeros((7, 7)), -np.ones((7, 7)), np.full((7, 7), np.nan)):
        assert not tint(nothing.astype(np.float32))[..., 3].any()


def test_the_colour_is_where_the_place_is_and_full_from_a_fixed_share_on() -> None:
    given = np.ones((7, 7), np.float32)
    given[1, 5] = 40
    over = tint(given)
    assert over.shape == (SIZE, SIZE, 4) and over.dtype == np.uint8
    down, across = 3 * SIZE // 14, 11 * SIZE // 14
    np.testing.assert_allclose(over[down, across, :3], SCALE[-1], atol=4)
    assert over[..., 3].max() - over[down, across, 3] <= 2
    assert not over[SIZE // 2 :, : SIZE // 2, 3].any()
    assert 40 / given.mean() > FULL


def test_colours_rise_in_lightness() -> None:
    lab = np.asarray(cv2.cvtColor(np.array([SCALE], np.uint8), cv2.COLOR_RGB2LAB), np.int64)
    assert (np.diff(lab[0, :, 0]) > 30).all()


def test_a_png_is_read_back_as_it_was_and_lies_over_its_picture() -> None:
    given = np.ones((7, 7), np.float32)
    given[3, 3] = 20
    over = tint(given)
    back = cv2.imdecode(np.frombuffer(as_png(over), np.uint8), cv2.IMREAD_UNCHANGED)
    assert back is not None
    np.testing.assert_array_equal(back[..., [2, 1, 0, 3]], over)
    grey = np.full((SIZE, SIZE, 3), 100, np.uint8)
    laid = laid_over(grey, over)
    np.testing.assert_array_equal(laid[over[..., 3] == 0], 100)
    assert laid[SIZE // 2, SIZE // 2].tolist() != [100, 100, 100]
