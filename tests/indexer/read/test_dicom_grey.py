"""Grey DICOM pixels: stored bits, modality transformation, padding, window (DESIGN, rule 6)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from indexer.read import read
from indexer.scan import Voi
from indexer.voi import shown
from tests.indexer.read.dicom_files import dataset, dicom, item, ramp, save


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "scan"


@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"])
def test_every_sample_type_is_read_as_stored(path: Path, dtype: str) -> None:
    pixels = np.array([[-3, -2, -1], [0, 100, 127]]).astype(dtype)
    scan = read([dicom(path, pixels)])
    assert scan.pixels.dtype == np.float32
    np.testing.assert_array_equal(scan.pixels, pixels.astype(np.float32))
    assert scan.bits == pixels.dtype.itemsize * 8


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
def test_transfer_syntaxes_give_the_same_pixels(path: Path, syntax: str) -> None:
    pixels = ramp()
    made = dataset(pixels)
    if syntax == RLELossless:
        save(made, path)
        made.compress(RLELossless)
    elif syntax == ExplicitVRBigEndian:
        made.PixelData = pixels.astype(">i2").tobytes()
        made["PixelData"].VR = "OW"
    scan = read([save(made, path, syntax)])
    np.testing.assert_array_equal(scan.pixels, pixels)


def test_ct_values_are_hounsfield_units(path: Path) -> None:
    scan = read([dicom(path, ramp(), RescaleSlope="2", RescaleIntercept="-1024")])
    assert scan.unit == "HU"
    assert (scan.pixels[0, 0], scan.pixels[3, 4]) == (-1024, 19 * 2 - 1024)


@pytest.mark.parametrize(
    ("elements", "unit"),
    [
        ({"Modality": "MR"}, "stored"),
        ({"Modality": "CT"}, "stored"),
        ({"RescaleSlope": "1", "RescaleType": "US"}, "HU"),
        ({"RescaleSlope": "1", "RescaleType": "Z_EFF"}, "Z_EFF"),
        ({"Modality": "PT", "RescaleSlope": "3", "Units": "BQML"}, "BQML"),
        ({"Modality": "RTDOSE", "DoseGridScaling": "0.5", "DoseUnits": "GY"}, "GY"),
    ],
)
def test_unit(path: Path, elements: dict[str, Any], unit: str) -> None:
    assert read([dicom(path, ramp(), **elements)]).unit == unit


def test_32_bit_values_are_rescaled_in_double_precision(path: Path) -> None:
    pixels = np.array([[2**31 - 1, 2**31 - 2]], dtype="i4")
    scan = read([dicom(path, pixels, RescaleSlope="1", RescaleIntercept=str(-(2**31 - 3)))])
    np.testing.assert_array_equal(scan.pixels, [[2, 1]])


def test_modality_table(path: Path) -> None:
    table = item(LUTDescriptor=[3, 2, 16], ModalityLUTType="OD", LUTData=[100, 200, 400])
    made = dataset(np.array([[0, 2, 3, 4, 9]], dtype="u2"), ModalityLUTSequence=[table])
    made.ModalityLUTSequence[0]["LUTDescriptor"].VR = "US"
    made.ModalityLUTSequence[0]["LUTData"].VR = "US"
    scan = read([save(made, path)])
    assert scan.unit == "OD"
    np.testing.assert_array_equal(scan.pixels, [[100, 100, 200, 400, 400]])


def test_overlay_bits_above_the_stored_ones_are_dropped(path: Path) -> None:
    pixels = np.array([[0x8FFF, 0x1001]], dtype="u2")
    scan = read([dicom(path, pixels, BitsStored=12, HighBit=11)])
    np.testing.assert_array_equal(scan.pixels, [[0xFFF, 1]])


def test_high_bit_on_top(path: Path) -> None:
    pixels = np.array([[0x7FF0, 0xFFF0]], dtype="u2")  # 2047 and -1 in twelve bits, four unused
    scan = read([dicom(path, pixels, BitsStored=12, HighBit=15, PixelRepresentation=1)])
    np.testing.assert_array_equal(scan.pixels, [[2047, -1]])


def test_padding_is_compared_with_stored_values(path: Path) -> None:
    pixels = np.array([[-2000, 0, 1000]], dtype="i2")
    scan = read(
        [dicom(path, pixels, PixelPaddingValue=-2000, RescaleSlope="1", RescaleIntercept="-1000")]
    )
    assert scan.valid is not None
    np.testing.assert_array_equal(scan.valid, [[False, True, True]])
    np.testing.assert_allclose(shown(scan), [[0, 0, 1]])


def test_padding_range_and_a_padding_value_of_the_wrong_sign(path: Path) -> None:
    pixels = np.array([[-2000, -1500, 0]], dtype="i2")
    made = dataset(pixels, PixelPaddingValue=63536, PixelPaddingRangeLimit=64136)
    made["PixelPaddingValue"].VR = made["PixelPaddingRangeLimit"].VR = "US"
    valid = read([save(made, path)]).valid
    assert valid is not None
    np.testing.assert_array_equal(valid, [[False, False, True]])


def test_a_file_that_would_be_all_padding_is_taken_whole(path: Path) -> None:
    assert read([dicom(path, np.zeros((2, 2), "i2"), PixelPaddingValue=0)]).valid is None


def test_values_that_are_no_numbers_are_not_valid(path: Path) -> None:
    scan = read([dicom(path, np.array([[np.nan, 1.5]], dtype="f4"))])
    assert scan.valid is not None
    np.testing.assert_array_equal(scan.valid, [[False, True]])
    np.testing.assert_array_equal(scan.pixels, [[0, 1.5]])


@pytest.mark.parametrize(
    ("elements", "voi"),
    [
        ({"WindowCenter": "40", "WindowWidth": "400"}, Voi(40, 400)),
        ({"WindowCenter": ["40", "600"], "WindowWidth": ["400", "1600"]}, Voi(40, 400)),
        (
            {"WindowCenter": "40", "WindowWidth": "400", "VOILUTFunction": "SIGMOID"},
            Voi(40, 400, "SIGMOID"),
        ),
        ({"WindowCenter": "0.2", "WindowWidth": "0.5"}, Voi(0.2, 0.5, "LINEAR_EXACT")),
        ({"WindowCenter": "40", "WindowWidth": "0"}, None),
        ({}, None),
    ],
)
def test_window(path: Path, elements: dict[str, Any], voi: Voi | None) -> None:
    assert read([dicom(path, ramp(), **elements)]).voi == voi


def test_8_bit_pixels_without_a_window_are_shown_as_they_are(path: Path) -> None:
    scan = read([dicom(path, np.array([[51, 102]], dtype="u1"), Modality="US")])
    np.testing.assert_allclose(shown(scan), [[0.2, 0.4]], atol=1e-6)


def test_voi_table_goes_before_a_window(path: Path) -> None:
    table = item(LUTDescriptor=[4, 1, 8], LUTData=[0, 51, 102, 255])
    made = dataset(ramp(1, 6, "u2"), VOILUTSequence=[table], WindowCenter="40", WindowWidth="400")
    made.VOILUTSequence[0]["LUTDescriptor"].VR = "US"
    made.VOILUTSequence[0]["LUTData"].VR = "US"
    np.testing.assert_allclose(shown(read([save(made, path)])), [[0, 0, 0.2, 0.4, 1, 1]], atol=1e-6)


def test_monochrome1_is_inverted_when_shown(path: Path) -> None:
    scan = read([dicom(path, ramp(1, 3), PhotometricInterpretation="MONOCHROME1")])
    assert scan.inverted
    np.testing.assert_array_equal(scan.pixels, [[0, 1, 2]])
    np.testing.assert_allclose(shown(scan), [[1, 0.5, 0]])


def test_one_bit_pixels(path: Path) -> None:
    made = dataset(np.zeros((2, 8), "u1"), BitsAllocated=1, BitsStored=1, HighBit=0)
    made.PixelData = bytes([0b00000101, 0b10000000])
    scan = read([save(made, path)])
    np.testing.assert_array_equal(scan.pixels, [[1, 0, 1, 0, 0, 0, 0, 0], [0] * 7 + [1]])
