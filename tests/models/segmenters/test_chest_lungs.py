"""The lungs of chest films: found on real ones, and not made up where there are none."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.config import Config
from indexer.prepare import mask_of, prepared_scan
from indexer.read import read
from models.arrays import FloatImage, Mask
from models.measures.segmentation import dice
from models.segmenters.chest_lungs import ChestLungs, plausible


def film(path: Path) -> FloatImage:
    return prepared_scan(read([path]), Config(segment={"": "none"}, mend=())).shown.pixels


def box(*boxes: tuple[int, int, int, int]) -> Mask:
    mask = np.zeros((100, 100), bool)
    for top, left, height, width in boxes:
        mask[top : top + height, left : left + width] = True
    return mask


@pytest.mark.parametrize("name", ["tuberculosis/Montgomery_0104", "normal/Montgomery_0001"])
def test_they_are_where_a_person_drew_them(examples: Path, name: str) -> None:
    path = next((examples / "archive").glob(f"{name}.*"))
    truth = mask_of(examples / "archive" / "masks" / f"{path.stem}.png", ())
    found = ChestLungs().segment(film(path), None)
    assert found is not None and truth is not None and found.shape == truth.shape
    assert dice(found, truth) > 0.93


def test_every_example_film_has_two(examples: Path) -> None:
    paths = [p for p in sorted(examples.rglob("*.jpg")) if "archive" in p.parts][::6]
    found = [ChestLungs().segment(film(path), None) for path in paths]
    assert len(found) >= 12
    assert sum(mask is None for mask in found) <= 1


def test_what_is_no_chest_has_none() -> None:
    rng = np.random.default_rng(0)
    for picture in (np.zeros((200, 300)), np.ones((200, 300)), rng.random((200, 300))):
        assert ChestLungs().segment(picture.astype(np.float32), None) is None


def test_a_lung_alone_is_not_taken() -> None:
    assert plausible(box((20, 10, 60, 30), (20, 60, 60, 30)))
    assert not plausible(box((20, 10, 60, 30)) | box((20, 39, 4, 50)))
    assert not plausible(box((45, 45, 5, 5), (45, 55, 5, 5)))  # too small
    assert not plausible(~box((0, 0, 10, 10)))  # nearly all of it
    assert not plausible(box((5, 40, 90, 9), (5, 51, 90, 9)))  # far too tall


def test_a_series_of_films_is_segmented_one_by_one(examples: Path) -> None:
    one = film(examples / "archive" / "normal" / "Montgomery_0030.jpg")
    small = np.asarray(cv2.resize(one, (128, 128), interpolation=cv2.INTER_AREA), np.float32)
    both = ChestLungs().segment(np.stack([small, np.zeros_like(small)]), None)
    alone = ChestLungs().segment(small, None)
    assert both is not None and alone is not None
    np.testing.assert_array_equal(both[0], alone)
    assert not both[1].any()
