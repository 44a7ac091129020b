"""Shrinking keeps what a picture shows."""

import cv2
import numpy as np
import pytest

from models.shrink import shrink, within


def test_whole_factors_are_plain_averages() -> None:
    picture = np.arange(24, dtype=np.float32).reshape(4, 6)
    np.testing.assert_allclose(shrink(picture, 3, 2), [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]])


def test_what_is_left_over_is_cut_at_both_ends() -> None:
    picture = np.array([[9, 1, 1, 3, 3, 9]], np.float32).repeat(2, axis=0)
    np.testing.assert_allclose(shrink(picture, 4, 1)[0, 1:3], [1, 3], atol=1.3)
    assert shrink(np.zeros((5, 7), np.uint8), 2, 2).shape == (2, 2)


@pytest.mark.parametrize("shape", [(512, 546), (2500, 2048), (300, 1000)])
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_it_is_close_to_exact_areas(shape: tuple[int, int], dtype: type) -> None:
    random = np.random.default_rng(0).random(shape, np.float32)
    smooth = cv2.GaussianBlur(random, (0, 0), shape[0] / 50)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    picture = (smooth * 255).astype(dtype) if dtype == np.uint8 else smooth
    found = shrink(picture, 224, 224).astype(float)
    exact = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_AREA).astype(float)
    scale = 255 if dtype == np.uint8 else 1
    assert np.abs(found - exact).mean() / scale < 0.01
    assert np.abs(found - exact).max() / scale < 0.1


def test_within_keeps_proportions_and_never_enlarges() -> None:
    assert within(np.zeros((500, 1000, 3), np.uint8), 256).shape == (128, 256, 3)
    small = np.zeros((20, 30), np.float32)
    assert within(small, 256) is small
