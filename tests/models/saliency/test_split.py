"""A cosine is split over places exactly, and only where that is true."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import ByteImage, FloatImage
from models.encoders import DEFAULT, Encoder
from models.encoders.fit import fit
from models.runtime.registry import load
from models.saliency.split import is_mean, relative, split


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load(DEFAULT, 1)


@pytest.fixture(scope="module")
def films(examples: Path) -> ByteImage:
    paths = sorted((examples / "queries").glob("*.jpg"))[:4]
    pictures = [np.asarray(cv2.imread(str(path)), np.float32) / np.float32(255) for path in paths]
    return np.stack([fit(picture, 224) for picture in pictures])


def test_places_sum_to_the_cosine_of_real_films(encoder: Encoder, films: ByteImage) -> None:
    embeddings, maps = encoder.encode_maps(films)
    assert maps is not None
    assert is_mean(maps, embeddings).all()
    for cells, own in zip(maps, embeddings, strict=True):
        for other in embeddings:
            given = split(cells, other)
            assert given.shape == (7, 7)
            assert given.sum() == pytest.approx(own @ other, abs=1e-5)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(2, 30), st.integers(0, 10_000))
def test_places_sum_to_the_cosine_of_any_map(
    rows: int, columns: int, channels: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    cells = random.normal(size=(rows, columns, channels)).astype(np.float32)
    mean = cells.mean(axis=(0, 1))
    other = random.normal(size=channels).astype(np.float32)
    other /= np.linalg.norm(other)
    cosine = mean @ other / np.linalg.norm(mean)
    largest = float(np.abs(cells).max() / np.linalg.norm(mean))
    assert split(cells, other).sum() == pytest.approx(cosine, abs=1e-5 * max(1, largest))


def test_one_place_that_is_like_the_other_gives_all() -> None:
    cells = np.zeros((2, 2, 2), np.float32)
    cells[0, 1] = (3, 0)
    cells[1, 0] = (0, 4)
    given = split(cells, np.array([1, 0], np.float32))
    np.testing.assert_allclose(given, np.array([[0, 0.6], [0, 0]]), atol=1e-6)


def test_a_map_of_zeros_gives_nothing() -> None:
    assert not split(np.zeros((2, 3, 4), np.float32), np.ones(4, np.float32)).any()


def unit(vectors: FloatImage) -> FloatImage:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def test_what_is_no_mean_is_told_apart() -> None:
    random = np.random.default_rng(0)
    maps = random.random((4, 3, 3, 8)).astype(np.float32)
    embeddings = unit(maps.mean(axis=(1, 2)))
    embeddings[1] = unit(maps.max(axis=(1, 2)))[1]
    embeddings[2] = 0
    embeddings[3, 0] = np.nan
    assert is_mean(maps, embeddings).tolist() == [True, False, False, False]
    assert is_mean(maps, np.ones((4, 5), np.float32)).tolist() == [False] * 4


def test_shares_are_in_units_of_the_mean_place() -> None:
    given = np.array([[3, 1], [0, -2]], np.float32)
    np.testing.assert_allclose(relative(given), given)
    np.testing.assert_allclose(relative(given / np.float32(100)), given, rtol=1e-5)
    for nothing in ([[0.0, 0.0]], [[-1.0, -2.0]], [[np.nan, 1.0]], [[np.inf, 1.0]]):
        assert not relative(np.array(nothing, np.float32)).any()
