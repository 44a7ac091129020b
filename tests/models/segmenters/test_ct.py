import numpy as np
import pytest

from models.errors import UsageError
from models.segmenters import load
from tests.models.segmenters.phantoms import SPACING_MM, chest, dice, disc, noisy


def test_body_of_a_phantom() -> None:
    volume, body, _ = chest()
    for pixels, truth in ((volume, body), (volume[2], body[2])):
        mask = load("ct_body").segment(noisy(pixels, 20), SPACING_MM)
        assert mask is not None
        assert mask.shape == pixels.shape
        assert dice(mask, truth) > 0.99
        assert not mask[..., 200:203, :].any()  # the table


def test_lungs_of_a_phantom() -> None:
    volume, _, lungs = chest()
    mask = load("ct_lungs").segment(noisy(volume, 20), SPACING_MM)
    assert mask is not None
    assert dice(mask, lungs) > 0.97
    assert not mask[0].any()  # gas in the stomach
    assert not mask[:, 94:107, 122:135].any()  # the trachea
    assert mask[3, 85:89, 62:88].all()  # a vessel


def test_lungs_of_one_slice() -> None:
    volume, _, lungs = chest()
    assert dice(load("ct_lungs").segment(volume[2], SPACING_MM[1:]), lungs[2]) > 0.97
    assert dice(load("ct_lungs").segment(volume[2], None), lungs[2]) > 0.95


def test_lungs_behind_a_thin_chest_wall() -> None:
    body, lung = disc((128, 128), (80, 90)), disc((128, 128), (77, 60))
    pixels = np.where(body, np.float32(40), np.float32(-1000))
    pixels[lung] = -850  # 3 pixels, 4.5 mm, to the skin
    assert dice(load("ct_lungs").segment(pixels, SPACING_MM[1:]), lung) > 0.97


def test_a_large_scan_is_segmented_at_its_own_size() -> None:
    volume, _, lungs = chest()
    large = volume.repeat(2, axis=1).repeat(2, axis=2)
    mask = load("ct_lungs").segment(large, (10.0, 0.75, 0.75))
    assert mask is not None
    assert mask.shape == (6, 512, 512)
    assert dice(mask, lungs.repeat(2, axis=1).repeat(2, axis=2)) > 0.97


def test_two_legs_are_one_body() -> None:
    legs = disc((128, 70), (50, 45)) | disc((128, 190), (40, 40))
    pixels = np.where(legs, np.float32(60), np.float32(-1000))
    assert dice(load("ct_body").segment(pixels, (1.5, 1.5)), legs) > 0.99


@pytest.mark.parametrize("name", ["ct_body", "ct_lungs", "hu_range"])
def test_nothing_in_a_scan_of_air(name: str) -> None:
    assert load(name).segment(np.full((64, 64), -1000, np.float32), None) is None
    assert load(name).segment(np.full((3, 64, 64), -1000, np.float32), None) is None


def test_no_lung_in_a_scan_of_tissue() -> None:
    pixels = np.where(disc((128, 128), (80, 80)), np.float32(40), np.float32(-1000))
    assert load("ct_lungs").segment(pixels, None) is None


def test_a_range_of_hu() -> None:
    pixels = np.full((64, 64), -1000, np.float32)
    pixels[10:40, 10:40] = 40
    pixels[20:30, 20:30] = 700
    pixels[60, 60] = 700  # alone: less than a twentieth of the largest
    soft = np.zeros((64, 64), bool)
    soft[10:40, 10:40] = True
    bone = np.zeros((64, 64), bool)
    bone[20:30, 20:30] = True
    assert dice(load("hu_range").segment(pixels, None), soft & ~bone) == 1
    assert dice(load("hu_range:150,3000").segment(pixels, None), bone) == 1


@pytest.mark.parametrize("method", ["hu_range:200,100", "hu_range:1,2,3", "hu_range:a", "otsu:3"])
def test_settings_that_do_not_fit_are_named(method: str) -> None:
    with pytest.raises(UsageError, match=f"segmenter '{method}'"):
        load(method)


def test_a_segmenter_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match="there is no segmenter 'lungs'; there are: chest_lungs,"):
        load("lungs")
