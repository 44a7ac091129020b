"""Dice and the Hausdorff distance, on shapes whose answer one can count."""

import math

import numpy as np
import pytest

from models.arrays import Mask
from models.measures.segmentation import dice, hausdorff_95


def box(top: int, left: int, height: int, width: int) -> Mask:
    mask = np.zeros((40, 40), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def test_dice_is_twice_the_common_area_over_both() -> None:
    assert dice(box(0, 0, 10, 10), box(0, 5, 10, 10)) == pytest.approx(0.5)
    assert dice(box(0, 0, 10, 10), box(0, 0, 10, 10)) == 1.0
    assert dice(box(0, 0, 10, 10), box(20, 20, 10, 10)) == 0.0


def test_what_is_empty_has_a_value() -> None:
    empty = np.zeros((40, 40), bool)
    assert dice(empty, empty) == 1.0 and hausdorff_95(empty, empty) == 0.0
    assert dice(empty, box(0, 0, 3, 3)) == 0.0 and hausdorff_95(empty, box(0, 0, 3, 3)) == math.inf


def test_a_box_moved_by_three_is_three_away() -> None:
    assert hausdorff_95(box(5, 5, 20, 20), box(5, 8, 20, 20)) == pytest.approx(3.0)
    assert hausdorff_95(box(5, 5, 20, 20), box(5, 5, 20, 20)) == 0.0


def test_a_single_stray_pixel_does_not_decide() -> None:
    stray = box(5, 5, 20, 20)
    stray[39, 39] = True
    assert hausdorff_95(stray, box(5, 5, 20, 20)) == 0.0


def test_it_is_the_same_in_both_directions() -> None:
    rng = np.random.default_rng(0)
    one, other = rng.random((20, 20)) > 0.6, rng.random((20, 20)) > 0.7
    assert hausdorff_95(one, other) == hausdorff_95(other, one)
    assert dice(one, other) == dice(other, one)
