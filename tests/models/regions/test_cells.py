"""Cells of pictures, their bytes, and the basis that follows from an encoder alone."""

from pathlib import Path

import numpy as np
import pytest

from models.encoders import DEFAULT
from models.errors import IndexDamaged
from models.regions import basis_file
from models.regions.cells import CellBasis, Cells, basis_of, shares
from models.regions.invented import pictures
from models.runtime.registry import load

BASIS = CellBasis((2, 2), np.zeros(3, np.float32), np.eye(3, 2, dtype=np.float32))


def test_parts_of_a_side_are_exact_also_where_a_pixel_lies_in_two() -> None:
    np.testing.assert_allclose(shares(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], atol=1e-6)


def test_a_map_becomes_the_means_of_its_quarters() -> None:
    maps = np.zeros((1, 4, 4, 3), np.float32)
    maps[0, :2, :2, 0], maps[0, 3, 3, 1] = 5, 8
    assert BASIS.numbers(maps).tolist() == [[[5, 0], [0, 0], [0, 0], [0, 2]]]
    cells = BASIS.cells(maps)
    assert cells.values.tolist() == [[[127, 0], [0, 0], [0, 0], [0, 51]]]
    assert cells.steps.tolist() == [pytest.approx(5 / 127)]
    assert BASIS.size == 8


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_nothing_and_no_numbers_are_zeros(value: float) -> None:
    cells = Cells.of(np.full((1, 4, 2), value, np.float32))
    assert not cells.values.any()
    assert cells.steps.tolist() == [0]


def test_the_basis_of_the_shipped_encoder() -> None:
    encoder = load(DEFAULT, 1)
    basis = basis_of(encoder)
    assert basis is not None
    assert (basis.grid, basis.axes.shape, basis.size) == ((7, 7), (672, 40), 1960)
    np.testing.assert_allclose(basis.axes.T @ basis.axes, np.eye(40), atol=1e-4)
    plain, maps = encoder.encode_detail(pictures(224, 2))
    assert maps is not None and maps.shape == (2, 14, 14, 672)
    np.testing.assert_array_equal(plain, encoder.encode(pictures(224, 2)))


def test_a_basis_on_disk(tmp_path: Path) -> None:
    assert basis_file.load(tmp_path) is None
    basis_file.save(BASIS, tmp_path)
    again = basis_file.load(tmp_path)
    assert again is not None and again.grid == (2, 2)
    np.testing.assert_array_equal(again.axes, BASIS.axes)
    (tmp_path / basis_file.FILE).write_bytes(b"")
    with pytest.raises(IndexDamaged, match=r"regions\.safetensors cannot be read"):
        basis_file.load(tmp_path)
