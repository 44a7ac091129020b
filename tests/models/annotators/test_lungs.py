"""Two lungs out of a mask, and what they measure, on ellipses whose numbers one can work out."""

import numpy as np
import pytest

from models.annotators import Taken
from models.annotators.lung_measures import heart_to_chest, measure
from models.annotators.lungs import lungs_of
from models.arrays import FloatImage, Mask
from tests.models.segmenters.phantoms import disc

RIGHT, LEFT = disc((120, 75), (80, 30)), disc((120, 181), (80, 24))
"""The patient's: the right lung is on the film's left."""


def block(rows: tuple[int, int], columns: tuple[int, int]) -> Mask:
    mask = np.zeros((256, 256), bool)
    mask[rows[0] : rows[1], columns[0] : columns[1]] = True
    return mask


def flat(mask: Mask) -> FloatImage:
    """Lungs of grey 0.25, all else of grey 0.75."""
    return np.where(mask, np.float32(0.25), np.float32(0.75))


def test_the_patient_s_right_lung_is_on_the_film_s_left() -> None:
    lungs = lungs_of(RIGHT | LEFT)
    assert lungs.right is not None and lungs.left is not None
    assert (lungs.right == RIGHT).all() and (lungs.left == LEFT).all()


def test_small_pieces_are_no_lung_and_larger_ones_belong_to_their_side() -> None:
    piece = block((210, 225), (60, 100))  # of the right lung, cut off by a device
    lungs = lungs_of(RIGHT | LEFT | piece | block((0, 4), (0, 4)))
    assert lungs.right is not None and lungs.left is not None
    assert (lungs.right == (RIGHT | (piece if piece.sum() >= 0.1 * 14000 else RIGHT))).all()
    assert not lungs.right[:4, :4].any() and (lungs.left == LEFT).all()


def test_lungs_that_have_grown_together_are_parted_at_the_narrowest_column() -> None:
    bridge = block((118, 124), (75, 181))
    lungs = lungs_of(RIGHT | LEFT | bridge)
    assert lungs.right is not None and lungs.left is not None
    assert lungs.right[120, 76] and not lungs.right[120, 181]
    assert lungs.left[120, 181] and not lungs.left[120, 76]
    assert abs(int(lungs.right.sum()) - int(RIGHT.sum())) < 6 * 60


@pytest.mark.parametrize(("mask", "found"), [(RIGHT, "right"), (LEFT, "left")])
def test_one_lung_alone_is_that_of_its_half(mask: Mask, found: str) -> None:
    lungs = lungs_of(mask)
    assert [side for side in ("right", "left") if getattr(lungs, side) is not None] == [found]
    told = measure(flat(mask), lungs, Taken((256, 256)))
    assert f"{found}_lung_area" in told and "asymmetry" not in told
    assert "heart_to_chest" not in told


def test_no_lung_at_all() -> None:
    nothing = np.zeros((256, 256), bool)
    lungs = lungs_of(nothing)
    assert (lungs.right, lungs.left) == (None, None)
    assert measure(flat(nothing), lungs, Taken((256, 256))) == {}
    assert lungs_of(block((0, 10), (0, 10))).right is None  # 0.15 % of the film is no lung


def test_areas_and_their_ratio() -> None:
    told = measure(flat(RIGHT | LEFT), lungs_of(RIGHT | LEFT), Taken((2560, 1280), (0.2, 0.1)))
    assert told["right_lung_area"] == pytest.approx(np.pi * 80 * 30 / 256**2, rel=0.01)
    assert told["left_to_right"] == pytest.approx(24 / 30, rel=0.01)
    assert told["asymmetry"] == pytest.approx(6 / 54, rel=0.05)
    # The film is 51.2 cm high and 12.8 cm wide.
    share = told["right_lung_area"]
    assert told["right_lung_area_cm2"] == pytest.approx(share * 51.2 * 12.8)
    without = measure(flat(RIGHT | LEFT), lungs_of(RIGHT | LEFT), Taken((256, 256)))
    assert not any(name.endswith("cm2") for name in without)


def test_the_heart_is_the_gap_between_the_lungs() -> None:
    right, left = block((40, 200), (40, 100)), block((40, 200), (160, 220))
    assert heart_to_chest(right, left) == pytest.approx(60 / 180)
    left[120:160, 160:180] = False  # the heart reaches 20 pixels into the left lung
    assert heart_to_chest(right, left) == pytest.approx(80 / 180)


def test_apex_and_recess_are_no_heart() -> None:
    right, left = block((40, 200), (40, 100)), block((40, 200), (160, 220))
    right[40:80, 60:100] = left[40:80, 160:200] = False  # narrow tops, far apart
    right[180:200, 60:100] = left[180:200, 160:200] = False  # recesses beside the domes
    assert heart_to_chest(right, left) == pytest.approx(60 / 180)


def test_lungs_without_a_row_in_common_tell_nothing_of_the_heart() -> None:
    assert heart_to_chest(block((0, 100), (40, 100)), block((120, 220), (160, 220))) is None


def test_a_dense_zone_is_bright_whatever_brightness_and_contrast() -> None:
    film = flat(RIGHT | LEFT)
    film[disc((67, 75), (20, 18))] = 0.75  # in the patient's right upper zone
    told = measure(film, lungs_of(RIGHT | LEFT), Taken((256, 256)))
    upper = disc((67, 75), (20, 18))[40:94].sum() / RIGHT[40:94].sum()  # 54 of its 161 rows
    assert told["right_upper_bright"] == pytest.approx(upper) == pytest.approx(0.507, abs=0.001)
    assert told["right_upper_grey"] == pytest.approx(upper)
    assert told["left_upper_bright"] == told["right_lower_bright"] == 0
    other = measure(film * np.float32(0.6) + np.float32(0.1), lungs_of(RIGHT | LEFT), Taken((1, 1)))
    for name, value in told.items():
        assert other[name] == pytest.approx(value, abs=1e-4), name


def test_a_film_of_one_grey_has_no_zones() -> None:
    told = measure(np.full((256, 256), 0.5, np.float32), lungs_of(RIGHT | LEFT), Taken((256, 256)))
    assert not any(name.endswith(("grey", "bright")) for name in told)
    assert "left_to_right" in told
