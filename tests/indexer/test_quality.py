"""Remarks on scans that a person should read before the answer."""

import numpy as np
import pytest

from indexer.quality import remarks
from indexer.scan import Scan
from models.arrays import FloatImage


def film(height: int = 200, width: int = 150) -> FloatImage:
    """All grey levels, evenly."""
    return np.linspace(0, 1, height * width, dtype=np.float32).reshape(height, width)


def of(shown: FloatImage) -> tuple[str, ...]:
    return remarks(Scan(shown), shown)


def test_an_ordinary_film_has_none() -> None:
    assert of(film()) == ()


def test_small_ones() -> None:
    assert of(film(63, 400)) == ("very small: 400 x 63 pixels",)
    assert of(film(64, 64)) == ()


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0])
def test_blank_ones(level: float) -> None:
    assert of(np.full((200, 150), level, np.float32)) == ("blank: every pixel is alike",)


def test_few_levels() -> None:
    assert of(np.where(film() > 0.5, 0.9, 0.1).astype(np.float32)) == ("hardly any grey levels",)


def test_wrong_exposure() -> None:
    assert of(np.clip(film() * 3, 0, 1)) == (
        "overexposed or wrongly windowed: most of it is white",
    )
    assert of(np.clip(film() * 8 - 7, 0, 1)) == (
        "underexposed or wrongly windowed: most of it is black",
    )
    assert of(np.clip(film() * 4 - 3, 0, 1)) == ()  # a black border is usual


def test_volumes_without_spacing() -> None:
    volume = np.stack([film()] * 4)
    told = ("a volume without known distances between slices",)
    assert remarks(Scan(volume), volume[2]) == told
    assert remarks(Scan(volume, spacing_mm=(5.0, 1.0, 1.0)), volume[2]) == ()
    frames = np.repeat(volume[..., None], 3, axis=-1)
    assert remarks(Scan(frames, colour=True), frames[2]) == ()
    both = ("very small: 20 x 20 pixels", *told)
    assert remarks(Scan(volume[:, :20, :20]), film(20, 20)) == both
