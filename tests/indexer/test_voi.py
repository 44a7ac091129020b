import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.scan import Scan, Voi, VoiFunction
from indexer.voi import apply_voi, full_range, shown
from models.arrays import FloatImage


def array(*values: float) -> FloatImage:
    return np.array(values, dtype=np.float32)


def test_linear_window_is_the_formula_of_the_standard() -> None:
    # PS3.3 C.11.2.1.2.1: c = 2048, w = 4096 over 0..4095 is the identity
    got = apply_voi(array(-1, 0, 1, 4095, 5000), Voi(2048, 4096))
    np.testing.assert_allclose(got, [0, 0, 1 / 4095, 1, 1], atol=1e-7)


def test_linear_window_of_width_one_is_a_threshold() -> None:
    np.testing.assert_array_equal(apply_voi(array(99, 99.5, 100), Voi(100, 1)), [0, 0, 1])


def test_linear_exact_window() -> None:
    got = apply_voi(array(-1, 0, 25, 100, 101), Voi(50, 100, "LINEAR_EXACT"))
    np.testing.assert_allclose(got, [0, 0, 0.25, 1, 1], atol=1e-7)


def test_sigmoid_window() -> None:
    got = apply_voi(array(-1e9, 0, 50, 100, 1e9), Voi(50, 100, "SIGMOID"))
    np.testing.assert_allclose(got, [0, 0.11920292, 0.5, 0.880797, 1], atol=1e-6)


def test_table_is_held_at_its_ends() -> None:
    voi = Voi(0, 0, table=array(0, 0.25, 1), first=10)
    np.testing.assert_array_equal(apply_voi(array(-5, 10, 11, 12, 99), voi), [0, 0, 0.25, 1, 1])


def test_not_a_number_is_black() -> None:
    np.testing.assert_array_equal(
        apply_voi(array(np.nan, 100), Voi(50, 100, "LINEAR_EXACT")), [0, 1]
    )


def test_without_a_window_the_valid_range_is_shown() -> None:
    scan = Scan(array(-2000, 0, 50, 100)[None], valid=np.array([[False, True, True, True]]))
    np.testing.assert_allclose(shown(scan), [[0, 0, 0.5, 1]], atol=1e-7)


def test_monochrome1_turns_the_values_but_not_the_padding() -> None:
    valid = np.array([[False, True, True, True]])
    scan = Scan(array(-2000, 0, 50, 100)[None], valid=valid, inverted=True)
    np.testing.assert_allclose(shown(scan), [[0, 1, 0.5, 0]], atol=1e-7)


def test_a_flat_scan_and_an_invalid_one_are_black() -> None:
    flat = Scan(np.full((2, 2), 7, np.float32))
    assert shown(flat).max() == 0
    assert full_range(Scan(flat.pixels, valid=np.zeros((2, 2), bool))).width == 1


def test_infinite_values_do_not_stretch_the_range() -> None:
    assert full_range(Scan(array(0, 10, np.inf)[None])).width == 10


@pytest.mark.parametrize("unit", ["rgb", "display"])
def test_colour_and_display_values_are_kept(unit: str) -> None:
    pixels = np.full((2, 2, 3), 0.25, np.float32)
    got = shown(Scan(pixels, unit=unit, colour=unit == "rgb", inverted=True))
    np.testing.assert_array_equal(got, pixels)
    assert got is not pixels


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=50),
    st.floats(-1e5, 1e5),
    st.floats(0.01, 1e6),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_every_window_keeps_the_order_and_the_range(
    values: list[float], centre: float, width: float, function: VoiFunction
) -> None:
    ordered = np.sort(np.array(values, dtype=np.float32))
    grey = apply_voi(ordered, Voi(centre, width, function))
    assert grey.min() >= 0
    assert grey.max() <= 1
    assert (np.diff(grey) >= 0).all()
