"""The edge histogram: written-out directions, and what must not change it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import FloatImage
from models.descriptors import load
from models.descriptors.edge import EdgeHistogram
from tests.models.descriptors.test_colour import film, noise


def towards(degrees: float) -> FloatImage:
    """A ramp that grows brighter in that direction, counter to the clock from the right."""
    y, x = np.mgrid[0:128, 0:128].astype(np.float32)
    angle = np.deg2rad(degrees)
    ramp = x * np.cos(angle) - y * np.sin(angle)
    return np.asarray((ramp - ramp.min()) / np.ptp(ramp), np.float32)


def test_is_in_the_table() -> None:
    descriptor = load("edge")
    assert isinstance(descriptor, EdgeHistogram)
    assert (descriptor.name, descriptor.dim) == ("edge", 192)


@pytest.mark.parametrize(("degrees", "direction"), [(0, 0), (32, 1), (92, 3), (182, 6), (272, 9)])
def test_a_ramp_has_one_direction(degrees: float, direction: int) -> None:
    cells = EdgeHistogram().describe(towards(degrees)).reshape(16, 12) ** 2
    assert (cells.argmax(axis=1) == direction).all()
    assert cells[5, direction] > 0.8 * cells[5].sum()  # a cell without the picture's border
    assert cells.sum(axis=1) == pytest.approx(np.full(16, 1 / 16), rel=0.06)


def test_an_edge_counts_in_its_own_cell() -> None:
    picture = np.zeros((128, 128), np.float32)
    picture[:, 80:] = 1.0  # a step to the right, in the third of four columns
    cells = EdgeHistogram().describe(picture).reshape(4, 4, 12) ** 2
    assert cells[:, 2].sum() == pytest.approx(1.0, abs=1e-6)
    # Straight to the right lies at the border of two fine steps: 7/8 are shared out to 0 degrees.
    np.testing.assert_allclose(cells[:, 2, 0], 0.25 * 0.875, atol=1e-6)
    np.testing.assert_allclose(cells[:, 2, 1], 0.25 * 0.125, atol=1e-6)


def test_a_flat_picture_and_an_empty_mask_give_zeros() -> None:
    assert not EdgeHistogram().describe(np.full((50, 60), 0.4, np.float32)).any()
    assert not EdgeHistogram().describe(noise((50, 60)), np.zeros((50, 60), bool)).any()


def test_the_border_of_a_mask_is_no_edge() -> None:
    flat = np.full((128, 128), 0.8, np.float32)
    mask = np.zeros((128, 128), bool)
    mask[30:90, 20:100] = True
    assert not EdgeHistogram().describe(np.where(mask, flat, 0), mask).any()


def test_an_inverted_film_is_another_thing(examples: Path) -> None:
    picture = film(examples)
    describe = EdgeHistogram().describe
    assert describe(picture) @ describe(1 - picture) < 0.95


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.2, 1.0), offset=st.floats(0.0, 0.2), seed=st.integers(0, 2**16))
def test_brightness_and_contrast_change_nothing(gain: float, offset: float, seed: int) -> None:
    picture = cv2.GaussianBlur(noise((100, 100), seed), (0, 0), 2).astype(np.float32)
    changed = (picture * gain + offset).astype(np.float32)
    describe = EdgeHistogram().describe
    assert describe(picture) @ describe(changed) > 0.9999


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(1, 300),
    width=st.integers(1, 300),
    colour=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_unit_length_and_blind_outside_the_mask(
    height: int, width: int, colour: bool, seed: int
) -> None:
    shape = (height, width, 3) if colour else (height, width)
    picture, other = noise(shape, seed), noise(shape, seed + 1)
    mask = np.zeros((height, width), bool)
    mask[: height * 2 // 3, width // 4 :] = True
    mixed = np.where(mask[..., None] if colour else mask, picture, other)
    block = EdgeHistogram().describe(picture, mask)
    assert block.dtype == np.float32 and block.shape == (192,)
    assert np.linalg.norm(block) == pytest.approx(1.0, abs=1e-5) or not block.any()
    np.testing.assert_array_equal(block, EdgeHistogram().describe(mixed, mask))
