import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from indexer.read import Limits, peek, read
from indexer.scan import Voi
from models.errors import UnreadableScan

nib: Any = nibabel
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # NIfTI counts to the right, to the front, to the head


def nifti(path: Path, pixels: NDArray[Any], affine: NDArray[Any] = LPS, **header: Any) -> Path:
    image = nib.Nifti1Image(pixels, affine)
    for name, value in header.items():
        image.header[name] = value
    content = bytearray(image.to_bytes())
    for name, at in (("scl_slope", 112), ("scl_inter", 116)):  # nibabel clears them on writing
        if name in header:
            content[at : at + 4] = np.float32(header[name]).tobytes()
    path.write_bytes(content)
    return path


def code(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableScan) as caught:
        read([path], limits)
    return caught.value.code


def test_slices_rows_columns(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype="i2").reshape(2, 3, 4)  # x, y, z
    path = nifti(tmp_path / "v", pixels, np.diag([-0.5, -0.75, 2.5, 1]))
    scan = read([path])
    np.testing.assert_array_equal(scan.pixels, pixels.transpose(2, 1, 0))
    assert scan.spacing_mm == (2.5, 0.75, 0.5)
    assert scan.bits == 16
    assert (peek(path).kind, peek(path).frames) == ("nifti", 4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.permutations([0, 1, 2]), st.lists(st.booleans(), min_size=3, max_size=3))
def test_however_it_is_stored_the_patient_lies_the_same_way(
    tmp_path: Path, axes: list[int], flips: list[bool]
) -> None:
    pixels = np.arange(24, dtype="f4").reshape(2, 3, 4)
    turned = pixels.transpose(axes)
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for stored, world in enumerate(axes):
        sign = LPS[world, world] * (world + 1)  # spacing 1, 2 and 3 mm
        affine[world, stored] = sign
        if flips[stored]:
            turned = np.flip(turned, stored)
            affine[world, stored] = -sign
            affine[world, 3] += sign * (turned.shape[stored] - 1)
    scan = read([nifti(tmp_path / "v", np.ascontiguousarray(turned), affine)])
    np.testing.assert_array_equal(scan.pixels, pixels.transpose(2, 1, 0))
    assert scan.spacing_mm == (3.0, 2.0, 1.0)


def test_slope_and_window(tmp_path: Path) -> None:
    header: dict[str, Any] = {"scl_slope": 2, "scl_inter": -1000, "cal_min": -100, "cal_max": 300}
    scan = read([nifti(tmp_path / "v", np.array([[[5]], [[7]]], "i2"), **header)])
    assert scan.pixels.ravel().tolist() == [-990, -986]
    assert scan.voi == Voi(100, 400, "LINEAR_EXACT")


def test_first_volume_of_four_dimensions(tmp_path: Path) -> None:
    pixels = np.arange(48, dtype="u1").reshape(2, 3, 4, 2)
    scan = read([nifti(tmp_path / "v", pixels)])
    np.testing.assert_array_equal(scan.pixels, pixels[..., 0].transpose(2, 1, 0))


def test_a_flat_file_is_a_picture(tmp_path: Path) -> None:
    pixels = np.arange(6, dtype="u1").reshape(2, 3)
    scan = read([nifti(tmp_path / "v", pixels)])
    np.testing.assert_array_equal(scan.pixels, pixels.T)
    assert scan.spacing_mm == (1.0, 1.0)


def test_a_coronal_picture_has_the_head_on_top(tmp_path: Path) -> None:
    pixels = np.arange(6, dtype="u1").reshape(2, 1, 3)
    scan = read([nifti(tmp_path / "v", pixels, np.diag([-1.0, -2.0, 3.0, 1.0]))])
    assert scan.pixels.tolist() == [[2, 5], [1, 4], [0, 3]]
    assert scan.spacing_mm == (3.0, 1.0)


def test_colour(tmp_path: Path) -> None:
    kind = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])
    pixels = np.zeros((2, 2, 2), kind)
    pixels["G"][1, 0, 0] = 51
    scan = read([nifti(tmp_path / "v", pixels)])
    assert scan.colour
    np.testing.assert_allclose(scan.pixels[0, 0, 1], [0, 0.2, 0], atol=1e-6)


def test_values_that_are_no_numbers_are_not_valid(tmp_path: Path) -> None:
    scan = read([nifti(tmp_path / "v", np.array([[[np.nan]], [[2]]], "f4"))])
    assert scan.valid is not None
    assert scan.valid.ravel().tolist() == [False, True]
    assert scan.pixels.ravel().tolist() == [0, 2]


def test_compressed_under_any_name(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype="i2").reshape(2, 3, 4)
    path = tmp_path / "volume.dcm"
    path.write_bytes(gzip.compress(nifti(tmp_path / "v", pixels).read_bytes()))
    np.testing.assert_array_equal(read([path]).pixels, pixels.transpose(2, 1, 0))


def test_version_2(tmp_path: Path) -> None:
    pixels = np.arange(24, dtype="i2").reshape(2, 3, 4)
    path = tmp_path / "v"
    path.write_bytes(nib.Nifti2Image(pixels, LPS).to_bytes())
    np.testing.assert_array_equal(read([path]).pixels, pixels.transpose(2, 1, 0))


def test_a_bomb_is_refused_by_its_header(tmp_path: Path) -> None:
    content = bytearray(nifti(tmp_path / "v", np.zeros((2, 2, 2), "i2")).read_bytes())
    content[42:48] = np.array([30000, 30000, 30000], "<i2").tobytes()
    (tmp_path / "v").write_bytes(gzip.compress(bytes(content) + bytes(10_000_000)))
    assert code(tmp_path / "v") == "too_large"


def test_cut_short(tmp_path: Path) -> None:
    path = nifti(tmp_path / "v", np.zeros((20, 20, 20), "i2"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-2])
    assert code(path) == "truncated"
    path.write_bytes(gzip.compress(np.random.default_rng(0).bytes(9) + whole)[:-9])
    assert code(path) == "unknown_format"
    path.write_bytes(gzip.compress(whole[:-2]))
    assert code(path) == "truncated"


def test_a_header_without_pixels(tmp_path: Path) -> None:
    content = bytearray(nifti(tmp_path / "v", np.zeros((2, 2, 2), "i2")).read_bytes())
    content[344:348] = b"ni1\0"
    (tmp_path / "v").write_bytes(content)
    assert code(tmp_path / "v") == "no_pixels"
