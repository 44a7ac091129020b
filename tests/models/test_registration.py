"""The same film after a change is the same; another film is not, however alike."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.arrays import ByteImage
from models.registration import SAME, likeness


def film(path: Path) -> ByteImage:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.fixture(scope="module")
def films(examples: Path) -> list[ByteImage]:
    return [film(path) for path in sorted((examples / "archive" / "normal").glob("*.jpg"))[:8]]


def tilted(picture: ByteImage) -> ByteImage:
    rows, columns = picture.shape
    turn = cv2.getRotationMatrix2D((columns / 2, rows / 2), 2, 1)
    return np.asarray(cv2.warpAffine(picture, turn, (columns, rows)), np.uint8)


def marked(picture: ByteImage) -> ByteImage:
    made = picture.copy()
    made[: len(made) // 10, : len(made) // 3] = 255
    return made


CHANGES: dict[str, Callable[[ByteImage], ByteImage]] = {
    "nothing": lambda picture: picture,
    "half as large": lambda p: np.asarray(cv2.resize(p, None, fx=0.5, fy=0.5), np.uint8),
    "cut": lambda p: p[20:-10, 12:-24],
    "darker": lambda p: (255 * (p / 255.0) ** 1.5).astype(np.uint8),
    "tilted": tilted,
    "marked": marked,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_film_is_the_same(films: list[ByteImage], name: str) -> None:
    found = [likeness(one, np.ascontiguousarray(CHANGES[name](one))) for one in films[:4]]
    assert min(found) >= SAME, found
    if name == "nothing":
        assert min(found) > 0.99


def test_other_films_are_not(films: list[ByteImage]) -> None:
    pairs = [(one, other) for place, one in enumerate(films) for other in films[:place]]
    found = [likeness(one, other) for one, other in pairs]
    assert len(found) == 28
    assert max(found) < 0.75 < SAME


def test_a_turned_film_is_another_picture(films: list[ByteImage]) -> None:
    assert likeness(films[0], np.ascontiguousarray(np.rot90(films[0], 2))) < 0.5


@pytest.mark.parametrize("level", [0, 128])
def test_a_blank_picture_is_like_nothing(films: list[ByteImage], level: int) -> None:
    blank = np.full((300, 200), level, np.uint8)
    assert likeness(films[0], blank) == 0.0
    assert likeness(blank, blank) == 0.0


def test_tiny_pictures_do_not_fail() -> None:
    one = np.array([[0, 255], [255, 0]], np.uint8)
    assert -1 <= likeness(one, np.rot90(one).copy()) <= 1
