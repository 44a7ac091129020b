"""A lesion of one film in another: found, taken to the same place, blended in."""

import csv
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.augmenting import Film
from models.augmenting.asymmetry import opacity
from models.augmenting.blend import blended, harmonic
from models.augmenting.lesion import lesion
from models.errors import UsageError
from tests.models.augmenting.films import FIRST, SECOND, drawn_lungs, film


def symmetric(examples: Path) -> Film:
    """A film whose right half is its left one's mirror image."""
    given = film(examples, FIRST, lungs=False)
    left = given.pixels[:, : given.shape[1] // 2]
    pixels = np.ascontiguousarray(np.hstack([left, left[:, ::-1]])) * np.float32(0.7)
    return Film(pixels, drawn_lungs(pixels.shape))


def with_opacity(given: Film, row: float, column: float) -> Film:
    """The film with a bright blob in it, its centre at these shares of the sides."""
    rows, columns = np.mgrid[: given.shape[0], : given.shape[1]]
    away = np.hypot(rows - row * given.shape[0], columns - column * given.shape[1])
    blob = 0.3 * np.exp(-((away / (0.06 * given.shape[0])) ** 2))
    return replace(given, pixels=np.asarray(given.pixels + blob, np.float32).clip(0, 1))


@pytest.mark.parametrize(("row", "column"), [(0.35, 0.3), (0.55, 0.7), (0.45, 0.3)])
def test_an_opacity_is_found_where_it_is(examples: Path, row: float, column: float) -> None:
    found = opacity(with_opacity(symmetric(examples), row, column))
    assert found is not None
    assert found.score > 1.0
    places = np.argwhere(found.mask) / found.mask.shape
    np.testing.assert_allclose(places.mean(axis=0), [row, column], atol=0.03)
    assert 0.005 < found.mask.mean() < 0.06


def test_lungs_that_are_alike_have_none(examples: Path) -> None:
    plain = symmetric(examples)
    found = opacity(plain)
    assert found is not None and found.score < 0.2
    with pytest.raises(UsageError, match="no lesion is seen in the other film: its two lungs"):
        lesion(film(examples, SECOND), plain, np.random.default_rng(0))
    assert opacity(replace(plain, region=None)) is None
    one_lung = drawn_lungs(plain.shape)
    one_lung[:, plain.shape[1] // 2 :] = False
    assert opacity(replace(plain, region=one_lung)) is None
    assert opacity(replace(plain, region=np.zeros(plain.shape, bool))) is None


def test_nothing_is_laid_in_without_lungs_or_a_mask(examples: Path) -> None:
    with pytest.raises(UsageError, match="no mask says where the lungs or the lesion"):
        lesion(film(examples, FIRST), film(examples, SECOND, lungs=False), np.random.default_rng(0))


def test_it_comes_to_the_same_place_and_nothing_else_changes(examples: Path) -> None:
    plain = symmetric(examples)
    partner = with_opacity(plain, 0.4, 0.3)
    made, told = lesion(plain, partner, np.random.default_rng(0))
    assert (told["lesion"], told["aligned"]) == ("estimated", "regions")
    assert made.lesion is not None
    places = np.argwhere(made.lesion) / made.lesion.shape
    np.testing.assert_allclose(places.mean(axis=0), [0.4, 0.3], atol=0.04)
    np.testing.assert_array_equal(made.pixels[~made.lesion], plain.pixels[~made.lesion])
    row, column = (round(share * side) for share, side in zip((0.4, 0.3), plain.shape, strict=True))
    inner = np.s_[row - 4 : row + 4, column - 4 : column + 4]
    assert (made.pixels[inner] - plain.pixels[inner]).mean() > 0.1
    found = opacity(made)
    assert found is not None and found.score > 0.8


def test_a_mask_of_the_lesion_goes_before_the_estimate(examples: Path) -> None:
    first, second = film(examples, FIRST, lungs=False), film(examples, SECOND, lungs=False)
    ill = np.zeros(second.shape, bool)
    rows, columns = second.shape
    ill[rows // 4 : rows // 3, columns // 4 : columns // 3] = True
    made, told = lesion(first, replace(second, lesion=ill), np.random.default_rng(0))
    assert (told["lesion"], told["aligned"]) == ("mask", "frames")
    assert made.lesion is not None
    places = np.argwhere(made.lesion) / made.lesion.shape
    np.testing.assert_allclose(places.mean(axis=0), [7 / 24, 7 / 24], atol=0.04)


def test_a_lesion_beyond_the_lungs_is_refused(examples: Path) -> None:
    first, second = film(examples, FIRST), film(examples, SECOND)
    corner = np.zeros(second.shape, bool)
    corner[:8, :8] = True
    with pytest.raises(UsageError, match="the lesion would lie beyond the film"):
        lesion(first, replace(second, lesion=corner), np.random.default_rng(0))


def test_what_is_smooth_outside_goes_on_inside() -> None:
    rows, columns = np.mgrid[:60, :80].astype(np.float32)
    plane = 0.01 * rows - 0.004 * columns
    inside = np.zeros(plane.shape, bool)
    inside[20:40, 30:60] = True
    holed = np.where(inside, np.float32(9), plane)
    np.testing.assert_allclose(harmonic(holed, inside), plane, atol=0.03)
    np.testing.assert_array_equal(harmonic(holed, inside)[~inside], plane[~inside])


def test_a_patch_takes_on_the_levels_around_it() -> None:
    """The same detail on another level: nothing of it is to be seen."""
    rng = np.random.default_rng(0)
    noise = rng.uniform(0.2, 0.5, (90, 70)).astype(np.float32)
    target = np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.float32)
    mask = np.zeros(target.shape, bool)
    mask[20:60, 20:50] = True
    for colour in (False, True):
        given = np.stack([target] * 3, axis=-1) if colour else target
        found = blended(given, given + np.float32(0.3), mask)
        np.testing.assert_allclose(found, given, atol=1e-4)


@pytest.mark.shared
@pytest.mark.slow
def test_what_the_estimate_is_worth(shared: Path) -> None:
    """As docs/augmentation.md tells: more than nothing, and much less than a finding."""
    from sklearn.metrics import roc_auc_score

    folder = shared / "chest_xray"
    with (folder / "cases.csv").open(encoding="utf-8-sig") as handle:
        rows = [row for row in csv.DictReader(handle) if row["split"] == "archive" and row["mask"]]
    told = []
    for row in rows:
        pixels = cv2.imread(str(folder / row["path"]), cv2.IMREAD_GRAYSCALE)
        mask = cv2.imread(str(folder / row["mask"]), cv2.IMREAD_GRAYSCALE)
        assert pixels is not None and mask is not None
        found = opacity(
            Film(np.asarray(pixels, np.float32) / np.float32(255), np.asarray(mask > 0))
        )
        assert found is not None
        told.append((row["site"], row["label"] == "tuberculosis", found.score))
    for site, count, area in (("Shenzhen", 314, 0.61), ("Montgomery", 77, 0.83)):
        ill, scores = zip(*[(i, s) for name, i, s in told if name == site], strict=True)
        assert len(ill) == count
        assert roc_auc_score(ill, scores) == pytest.approx(area, abs=0.01)
