"""Colour DICOM pixels become red, green and blue, 0..1."""

from pathlib import Path

import numpy as np
import pytest

from indexer.read import read
from tests.indexer.read.dicom_files import dataset, dicom, save

RGB = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 51]]], dtype="u1")
# PS3.3 C.7.6.3.1.2, by hand: full-range YCbCr of pure red, green and dark blue
YBR = np.array([[[76, 85, 255], [150, 44, 21], [6, 153, 124]]], dtype="u1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scan"


def test_rgb(path: Path) -> None:
    scan = read([dicom(path, RGB, Modality="XC")])
    assert scan.colour
    assert scan.unit == "rgb"
    np.testing.assert_allclose(scan.pixels, RGB / 255, atol=1e-6)


def test_colour_by_plane(path: Path) -> None:
    made = dataset(RGB, PlanarConfiguration=1)
    made.PixelData = np.moveaxis(RGB, -1, 0).tobytes() + b"\0"
    np.testing.assert_allclose(read([save(made, path)]).pixels, RGB / 255, atol=1e-6)


def test_ybr_full(path: Path) -> None:
    scan = read([dicom(path, YBR, PhotometricInterpretation="YBR_FULL")])
    np.testing.assert_allclose(scan.pixels, RGB / 255, atol=2.5 / 255)


def test_ybr_full_422_shares_its_colour_between_two_pixels(path: Path) -> None:
    made = dataset(np.zeros((1, 2, 3), "u1"), PhotometricInterpretation="YBR_FULL_422")
    made.PixelData = bytes([76, 76, 85, 255])  # Y Y Cb Cr
    scan = read([save(made, path)])
    np.testing.assert_allclose(scan.pixels, [[[1, 0, 0], [1, 0, 0]]], atol=1.5 / 255)


def test_16_bit_colour(path: Path) -> None:
    pixels = RGB.astype("u2") * 257
    np.testing.assert_allclose(read([dicom(path, pixels)]).pixels, RGB / 255, atol=1e-6)


def test_palette(path: Path) -> None:
    made = dataset(np.array([[0, 1, 2, 1]], "u1"), PhotometricInterpretation="PALETTE COLOR")
    for name, entries in (("Red", [0, 65535, 0]), ("Green", [0, 0, 13107]), ("Blue", [0, 0, 0])):
        setattr(made, f"{name}PaletteColorLookupTableDescriptor", [3, 0, 16])
        made[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(made, f"{name}PaletteColorLookupTableData", np.array(entries, "<u2").tobytes())
    scan = read([save(made, path)])
    expected = [[[0, 0, 0], [255, 0, 0], [0, 51, 0], [255, 0, 0]]]
    np.testing.assert_allclose(scan.pixels * 255, expected, atol=1e-3)


def test_neutral_colours_are_grey_as_stored(path: Path) -> None:
    grey = np.repeat(np.array([[0, 51, 255]], "u1")[..., None], 3, axis=-1)
    scan = read([dicom(path, grey, Modality="US")])
    assert not scan.colour
    np.testing.assert_array_equal(scan.pixels, [[0, 51, 255]])


def test_colour_frames(path: Path) -> None:
    frames = np.stack([RGB, RGB[:, ::-1]])
    scan = read([dicom(path, frames, Modality="US")])
    assert scan.pixels.shape == (2, 1, 3, 3)
    assert scan.volume
    np.testing.assert_allclose(scan.pixels, frames / 255, atol=1e-6)
