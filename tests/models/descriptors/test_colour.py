"""The colour histogram: written-out values, and what must not change it."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.arrays import FloatImage
from models.descriptors import load
from models.descriptors.colour import ColourHistogram

GREY_PART = 16 * 8


def noise(shape: tuple[int, ...], seed: int = 0) -> FloatImage:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def film(examples: Path) -> FloatImage:
    grey = cv2.imread(str(examples / "archive/normal/Montgomery_0030.jpg"), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    return np.asarray(grey / np.float32(255), np.float32)


def test_is_in_the_table() -> None:
    descriptor = load("colour")
    assert isinstance(descriptor, ColourHistogram)
    assert (descriptor.name, descriptor.dim) == ("colour", 192)


def test_one_grey_level_on_a_level_centre() -> None:
    # Level 3 of 8 has its centre at 3.5 / 8; 16 cells share .65 of the squared length.
    block = ColourHistogram().describe(np.full((64, 64), 3.48 / 8, np.float32))
    cells = block[:GREY_PART].reshape(16, 8) ** 2
    np.testing.assert_allclose(cells[:, 3], 0.65 / 16 * 0.875, atol=1e-6)
    np.testing.assert_allclose(cells[:, 2], 0.65 / 16 * 0.125, atol=1e-6)
    assert np.count_nonzero(cells) == 32


def test_the_grid_is_read_row_by_row() -> None:
    picture = np.zeros((64, 64), np.float32)
    picture[:16, 48:] = 1.0  # the cell at the end of the first row
    cells = ColourHistogram().describe(picture)[:GREY_PART].reshape(16, 8)
    assert cells[3].argmax() == 7
    assert (np.delete(cells, 3, axis=0).argmax(axis=1) == 0).all()


def test_grey_has_its_chroma_in_the_middle() -> None:
    for picture in (noise((40, 50)), np.repeat(noise((40, 50))[..., None], 3, axis=2)):
        chroma = ColourHistogram().describe(picture)[GREY_PART:].reshape(8, 8) ** 2
        assert chroma.sum() == pytest.approx(0.35, abs=1e-5)
        assert chroma[3:5, 3:5].sum() == pytest.approx(0.35, abs=1e-3)


def test_a_grey_picture_is_the_same_in_one_channel_or_three() -> None:
    grey = noise((90, 70))
    alone = ColourHistogram().describe(grey)
    threefold = ColourHistogram().describe(np.repeat(grey[..., None], 3, axis=2))
    assert alone @ threefold > 0.999


@pytest.mark.parametrize(
    ("rgb", "place"),
    # CIE Lab of sRGB red: a 80, b 67; green: a -86, b 83; blue: a 79, b -108. Beyond 62.5: clipped.
    [((1, 0, 0), (7, 7)), ((0, 1, 0), (0, 7)), ((0, 0, 1), (7, 0))],
)
def test_pure_colours_are_at_the_ends_of_a_and_b(
    rgb: tuple[int, int, int], place: tuple[int, int]
) -> None:
    picture = np.full((32, 32, 3), rgb, np.float32)
    chroma = ColourHistogram().describe(picture)[GREY_PART:].reshape(8, 8) ** 2
    assert chroma[place] == pytest.approx(0.35, abs=1e-5)


def test_a_little_brighter_is_nearly_the_same(examples: Path) -> None:
    picture = film(examples)
    brighter = np.clip(picture + 4 / 255, 0, 1)
    inverted = 1 - picture
    describe = ColourHistogram().describe
    assert describe(picture) @ describe(brighter) > 0.99
    assert describe(picture) @ describe(inverted) < 0.9


def test_size_hardly_matters(examples: Path) -> None:
    picture = film(examples)
    smaller = cv2.resize(picture, (200, 200), interpolation=cv2.INTER_AREA).astype(np.float32)
    describe = ColourHistogram().describe
    assert describe(picture) @ describe(smaller) > 0.99


def test_an_empty_mask_gives_zeros() -> None:
    picture = noise((30, 30))
    assert not ColourHistogram().describe(picture, np.zeros((30, 30), bool)).any()


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
    mask = noise((height, width), seed + 2) < 0.7
    mixed = np.where(mask[..., None] if colour else mask, picture, other)
    block = ColourHistogram().describe(picture, mask)
    assert block.dtype == np.float32 and block.shape == (192,)
    assert np.linalg.norm(block) == pytest.approx(1.0, abs=1e-5) or not block.any()
    np.testing.assert_array_equal(block, ColourHistogram().describe(mixed, mask))


def test_a_grey_picture_has_the_chroma_that_its_colours_would_have(examples: Path) -> None:
    grey = film(examples)
    rgb = np.repeat(grey[..., None], 3, axis=2)
    describe = ColourHistogram().describe
    np.testing.assert_allclose(describe(grey)[GREY_PART:], describe(rgb)[GREY_PART:], atol=1e-6)
