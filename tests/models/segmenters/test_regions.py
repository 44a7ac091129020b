import numpy as np
import pytest
from scipy import ndimage

from models.segmenters.regions import closed, filled, main_components, opened, reduced, restored
from tests.models.segmenters.phantoms import disc

BLOBS = ndimage.gaussian_filter(np.random.default_rng(1).random((70, 90)), 2) > 0.5


def ball(radius: float) -> np.ndarray:
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(np.hypot(y, x) <= radius)


@pytest.mark.parametrize("radius", [1.5, 3.0, 5.2])
def test_opening_and_closing_are_those_of_scipy(radius: float) -> None:
    # cv2's 5 x 5 distance is within 2 % of the true one: a few border pixels differ.
    inner = (slice(12, -12), slice(12, -12))
    expected = ndimage.binary_closing(BLOBS, ball(radius))
    assert (closed(BLOBS, radius) == expected)[inner].mean() > 0.97
    expected = ndimage.binary_opening(BLOBS, ball(radius))
    assert (opened(BLOBS, radius) == expected)[inner].mean() > 0.97


def test_opening_takes_away_and_closing_adds() -> None:
    assert not (opened(BLOBS, 2) & ~BLOBS).any()
    assert not (BLOBS & ~closed(BLOBS, 2)).any()


def test_holes_are_filled_as_by_scipy() -> None:
    np.testing.assert_array_equal(filled(BLOBS), ndimage.binary_fill_holes(BLOBS))


def test_components() -> None:
    mask = np.zeros((20, 30), bool)
    mask[2:12, 2:12] = True  # 100 pixels
    mask[2:6, 20:25] = True  # 20
    mask[18, 5] = True  # 1
    assert main_components(mask, 0.5).sum() == 100
    assert main_components(mask, 0.2).sum() == 120
    assert main_components(mask, 0.0).sum() == 121
    assert main_components(np.zeros((4, 4), bool), 0.1).sum() == 0


def test_components_go_through_slices() -> None:
    mask = np.zeros((4, 10, 10), bool)
    mask[:, 1, 1] = True  # a rod of 4
    mask[0, 5:7, 5] = True  # 2
    kept = main_components(mask, 0.6)
    assert kept[:, 1, 1].all()
    assert kept.sum() == 4


def test_reduced_and_restored() -> None:
    mask = disc((300, 500), (150, 220), side=1000)
    small = reduced(mask.astype(np.float32))
    assert small.shape == (512, 512)
    again = restored(small > 0.5, (1000, 1000))
    assert (again == mask).mean() > 0.998
    assert reduced(np.zeros((3, 500, 250), np.float32)).shape == (3, 256, 128)
