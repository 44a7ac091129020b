"""What holds for every way to make a film."""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from models.augmenting import PAIRED, TABLE, Film, load
from models.errors import UsageError
from tests.models.augmenting.films import FIRST, SECOND, film


def pair(examples: Path, colour: bool = False) -> tuple[Film, Film]:
    first, second = (film(examples, name, colour=colour) for name in (FIRST, SECOND))
    ill = np.zeros(second.shape, bool)
    ill[120:180, 120:170] = True
    return first, replace(second, lesion=ill)


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("name", TABLE)
def test_the_seed_decides_it_and_what_was_given_stays(
    examples: Path, name: str, colour: bool
) -> None:
    first, second = pair(examples, colour)
    before = first.pixels.copy(), second.pixels.copy()
    partner = second if name in PAIRED else None
    made, told = load(name)(first, partner, np.random.default_rng(3))
    again, told_again = load(name)(first, partner, np.random.default_rng(3))
    other, _ = load(name)(first, partner, np.random.default_rng(4))
    assert made.pixels.dtype == np.float32
    assert made.pixels.shape == first.pixels.shape
    assert made.pixels.min() >= 0 and made.pixels.max() <= 1
    assert np.abs(made.pixels - first.pixels).mean() > 1e-4
    np.testing.assert_array_equal(made.pixels, again.pixels)
    assert told == told_again
    assert not np.array_equal(made.pixels, other.pixels)
    np.testing.assert_array_equal(before[0], first.pixels)
    np.testing.assert_array_equal(before[1], second.pixels)
    assert made.region is not None
    assert made.region.shape == first.shape


@pytest.mark.parametrize("name", TABLE)
def test_a_film_without_masks_gets_none(examples: Path, name: str) -> None:
    first, second = (replace(one, region=None) for one in pair(examples))
    made, _ = load(name)(first, second if name in PAIRED else None, np.random.default_rng(0))
    assert made.region is None
    assert (made.lesion is not None) == (name == "lesion")


@pytest.mark.parametrize("name", sorted(PAIRED))
def test_grey_and_colour_are_not_put_together(examples: Path, name: str) -> None:
    first, second = pair(examples)[0], pair(examples, colour=True)[1]
    with pytest.raises(UsageError, match="one film is grey and the other is coloured"):
        load(name)(first, second, np.random.default_rng(0))


@pytest.mark.parametrize("name", TABLE)
def test_a_blank_film_makes_no_trouble(name: str) -> None:
    blank = Film(np.zeros((40, 50), np.float32), lesion=np.eye(40, 50, dtype=bool))
    made, _ = load(name)(blank, blank if name in PAIRED else None, np.random.default_rng(1))
    assert np.isfinite(made.pixels).all()


def test_a_way_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="there is no way to make films 'flip'; there are:"):
        load("flip")


@pytest.mark.train
@pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train")
def test_the_strengths_are_those_of_training() -> None:
    from models.augmenting import geometry, grey
    from models.training.augment import Augmentation

    told = Augmentation()
    assert (told.rotation, told.scale, told.shift) == (10.0, 0.15, 0.08)
    assert (geometry.ROTATION, geometry.SCALE, geometry.SHIFT) == (10.0, 0.15, 0.08)
    assert (told.contrast, told.gamma, told.noise) == (0.25, 0.3, 0.03)
    assert (grey.CONTRAST, grey.GAMMA, grey.NOISE) == (0.25, 0.3, 0.03)
    # Mid-grey: 0.4 to 0.6 by either.
    assert 0.5 * (1 + told.brightness) == pytest.approx(0.6)
    assert 1 / (1 + np.exp(-grey.EXPOSURE)) == pytest.approx(0.5987, abs=1e-4)
