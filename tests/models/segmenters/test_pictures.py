import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.arrays import FloatImage
from models.segmenters import TABLE, load
from tests.models.segmenters.phantoms import dice, disc, noisy

LESION = disc((110, 140), (50, 60))
BY_PICTURE = ["otsu", "edges", "watershed"]


def picture(inside: float, outside: float) -> FloatImage:
    levels = np.where(LESION, np.float32(inside), np.float32(outside))
    levels[10, 20] = inside  # a speck
    return levels


@pytest.mark.parametrize("name", BY_PICTURE)
@pytest.mark.parametrize(("inside", "outside"), [(0.8, 0.3), (0.25, 0.7)])
def test_an_object_lighter_or_darker_than_its_ground(
    name: str, inside: float, outside: float
) -> None:
    pixels = noisy(picture(inside, outside), 0.03)
    mask = load(name).segment(pixels, None)
    # Edges lie a little outside of what they enclose.
    assert dice(mask, LESION) > (0.93 if name == "edges" else 0.98)
    assert mask is not None and not mask[10, 20]


@pytest.mark.parametrize("name", BY_PICTURE)
def test_a_volume(name: str) -> None:
    pixels = np.stack([noisy(picture(0.8, 0.3), 0.03, seed) for seed in range(4)])
    assert dice(load(name).segment(pixels, None), np.stack([LESION] * 4)) > 0.93


@pytest.mark.parametrize("name", BY_PICTURE)
def test_a_large_picture_is_segmented_at_its_own_size(name: str) -> None:
    pixels = picture(0.8, 0.3).repeat(4, axis=0).repeat(4, axis=1)
    mask = load(name).segment(pixels, None)
    assert dice(mask, LESION.repeat(4, axis=0).repeat(4, axis=1)) > 0.95


def test_holes_are_filled() -> None:
    pixels = picture(0.8, 0.3)
    pixels[100:120, 130:150] = 0.3
    assert dice(load("otsu").segment(pixels, None), LESION) > 0.98


def test_watershed_finds_the_edge_that_a_threshold_misses() -> None:
    # Light falls off to one side: half of the object is below the threshold of all.
    shade = np.linspace(1.0, 0.75, 256, dtype=np.float32)
    pixels = noisy(picture(0.7, 0.4), 0.01) * shade
    by_watershed = dice(load("watershed:0.05").segment(pixels, None), LESION)
    assert by_watershed > 0.97
    assert by_watershed >= dice(load("otsu").segment(pixels, None), LESION) - 0.01


@pytest.mark.parametrize("name", BY_PICTURE)
@pytest.mark.parametrize("shape", [(40, 30), (3, 40, 30)])
def test_nothing_in_a_picture_of_one_level(name: str, shape: tuple[int, ...]) -> None:
    assert load(name).segment(np.full(shape, 0.4, np.float32), None) is None


@pytest.mark.parametrize("name", list(TABLE))
@settings(deadline=None, max_examples=25)
@given(
    pixels=st.sampled_from([(7, 9), (1, 1), (2, 8, 5), (33, 20)]).flatmap(
        lambda shape: arrays(np.float32, shape, elements=st.floats(0, 1, width=32))
    )
)
def test_a_mask_has_the_shape_of_the_pixels(name: str, pixels: FloatImage) -> None:
    mask = load(name).segment(pixels * np.float32(2000) - 1000, None)
    if mask is not None:
        assert mask.shape == pixels.shape
        assert mask.dtype == np.bool_
        assert mask.any()
