"""A picture as an encoder takes it: size, range and channels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.encoders.fit import fit


def test_grey_becomes_three_equal_channels() -> None:
    picture = np.array([[0.0, 0.25], [0.5, 1.0]], np.float32)
    found = fit(picture, 2)
    assert found.dtype == np.uint8
    assert found.tolist() == [[[0] * 3, [64] * 3], [[128] * 3, [255] * 3]]


def test_colour_stays_in_its_order() -> None:
    picture = np.full((40, 30, 3), (1.0, 0.4, 0.0), np.float32)
    assert (fit(picture, 16) == (255, 102, 0)).all()


def test_the_whole_picture_is_squashed_in() -> None:
    picture = np.zeros((100, 300), np.float32)
    picture[:, 150:] = 1.0
    found = fit(picture, 100)[..., 0]
    assert (found[:, :49] == 0).all() and (found[:, 51:] == 255).all()


@settings(deadline=None)
@given(
    height=st.integers(1, 500),
    width=st.integers(1, 500),
    size=st.sampled_from([32, 224]),
    level=st.floats(0, 1, width=32),
)
def test_a_flat_picture_stays_flat(height: int, width: int, size: int, level: float) -> None:
    found = fit(np.full((height, width), level, np.float32), size)
    assert found.shape == (size, size, 3)
    assert np.ptp(found) <= 1
    assert float(found.mean()) == pytest.approx(level * 255, abs=1)
