import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from indexer.read import Limits, peek, read
from indexer.scan import Scan
from indexer.voi import shown
from models.errors import UnreadableScan

GREY = np.arange(48, dtype="u1").reshape(6, 8) * 5
BGR = np.dstack([GREY, GREY // 2, GREY // 3])


def encoded(pixels: NDArray[Any], extension: str, *options: int) -> bytes:
    found, data = cv2.imencode(extension, pixels, options)
    assert found
    return bytes(data)


def read_bytes(path: Path, data: bytes, limits: Limits | None = None) -> Scan:
    path.write_bytes(data)
    return read([path], limits)


def code(path: Path, data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableScan) as caught:
        read_bytes(path, data, limits)
    return caught.value.code


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "picture.dcm"  # a wrong extension is fine


def tiff(pixels: NDArray[Any], photometric: int = 1, orientation: int = 1) -> bytes:
    """An uncompressed page, for the kinds that OpenCV does not write."""
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    entries = [
        (256, pixels.shape[1]),
        (257, pixels.shape[0]),
        (258, pixels.dtype.itemsize * 8),
        (259, 1),
        (262, photometric),
        (273, 8),
        (274, orientation),
        (277, 1),
        (278, pixels.shape[0]),
        (279, pixels.nbytes),
        (339, kind),
    ]
    directory = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    start = struct.pack("<2sHI", b"II", 42, 8 + pixels.nbytes)
    return start + pixels.tobytes() + struct.pack("<H", len(entries)) + directory + bytes(4)


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tiff"])
def test_grey_8_bits(path: Path, extension: str) -> None:
    scan = read_bytes(path, encoded(GREY, extension))
    np.testing.assert_array_equal(scan.pixels, GREY)
    assert (scan.unit, scan.colour, scan.bits) == ("stored", False, 8)
    np.testing.assert_allclose(shown(scan), GREY / 255, atol=1e-6)


@pytest.mark.parametrize("extension", [".png", ".tiff"])
def test_grey_16_bits(path: Path, extension: str) -> None:
    scan = read_bytes(path, encoded(GREY.astype("u2") * 200, extension))
    np.testing.assert_array_equal(scan.pixels, GREY.astype("f4") * 200)
    assert scan.bits == 16
    assert shown(scan).max() == 1


@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "u4", "f4", "f8"])
def test_tiff_of_every_sample_type(path: Path, dtype: str) -> None:
    pixels = np.array([[0, 1, 100], [3, 4, 120]], dtype)
    np.testing.assert_array_equal(read_bytes(path, tiff(pixels)).pixels, pixels.astype("f4"))


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_tiff_where_white_is_zero(path: Path, dtype: str) -> None:
    full = np.iinfo(dtype).max
    grey = shown(read_bytes(path, tiff(np.array([[0, full]], dtype), photometric=0)))
    np.testing.assert_allclose(grey, [[1, 0]])


def test_float_tiff_with_holes(path: Path) -> None:
    scan = read_bytes(path, tiff(np.array([[np.nan, 2, np.inf]], "f4")))
    assert scan.valid is not None
    assert scan.valid.tolist() == [[False, True, False]]
    assert scan.pixels.tolist() == [[0, 2, 0]]


@pytest.mark.parametrize("extension", [".png", ".bmp", ".tiff"])
def test_colour_is_red_green_blue(path: Path, extension: str) -> None:
    scan = read_bytes(path, encoded(BGR, extension))
    assert (scan.unit, scan.colour) == ("rgb", True)
    np.testing.assert_allclose(scan.pixels, BGR[..., ::-1] / 255, atol=1e-6)


def test_16_bit_colour(path: Path) -> None:
    scan = read_bytes(path, encoded(BGR.astype("u2") * 257, ".png"))
    np.testing.assert_allclose(scan.pixels, BGR[..., ::-1] / 255, atol=1e-6)


def test_jpeg(path: Path) -> None:
    data = encoded(GREY, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 100)
    np.testing.assert_allclose(read_bytes(path, data).pixels, GREY, atol=2)


def test_neutral_colours_become_grey(path: Path) -> None:
    scan = read_bytes(path, encoded(np.dstack([GREY] * 3), ".png"))
    assert not scan.colour
    np.testing.assert_array_equal(scan.pixels, GREY)


def test_where_alpha_is_zero_there_is_nothing(path: Path) -> None:
    alpha = np.full_like(GREY, 255)
    alpha[0, 0] = 0
    scan = read_bytes(path, encoded(np.dstack([BGR, alpha]), ".png"))
    assert scan.valid is not None
    assert np.argwhere(~scan.valid).tolist() == [[0, 0]]
    assert scan.pixels.shape == (6, 8, 3)


def test_exif_turns_a_jpeg_upright(path: Path) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    data = encoded(GREY, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 100)
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    np.testing.assert_allclose(read_bytes(path, data).pixels, np.rot90(GREY, -1), atol=2)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_tiff_orientation(path: Path, dtype: str) -> None:
    scan = read_bytes(path, tiff(GREY.astype(dtype), orientation=6))
    np.testing.assert_array_equal(scan.pixels, np.rot90(GREY, -1))


def test_pages_become_frames(path: Path) -> None:
    found, data = cv2.imencodemulti(".tiff", [GREY, GREY[::-1]])
    assert found
    scan = read_bytes(path, bytes(data))
    np.testing.assert_array_equal(scan.pixels, [GREY, GREY[::-1]])
    assert scan.volume
    assert peek(path).frames == 2


def test_pages_of_different_size_are_no_volume(path: Path) -> None:
    _, data = cv2.imencodemulti(".tiff", [GREY, GREY[:3]])
    assert code(path, bytes(data)) == "inconsistent_series"


@pytest.mark.parametrize("extension", [".png", ".jpg", ".bmp", ".tiff"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_picture_cut_short_is_refused(path: Path, extension: str, share: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64), dtype="u1")
    data = encoded(noise, extension)
    assert code(path, data[: int(len(data) * share)]) in {"truncated", "unknown_format"}


def test_a_flipped_bit_in_a_png_is_noticed(path: Path) -> None:
    data = bytearray(encoded(GREY, ".png"))
    data[data.index(b"IDAT") + 12] ^= 1
    assert code(path, bytes(data)) == "damaged_pixels"


def test_a_forged_size_is_refused_before_anything_is_decoded(path: Path) -> None:
    header = struct.pack(">4sIIBBBBB", b"IHDR", 50_000, 50_000, 8, 2, 0, 0, 0)
    data = encoded(GREY, ".png")
    forged = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    assert code(path, forged) == "too_large"


@pytest.mark.parametrize("extension", [".png", ".jpg", ".bmp", ".tiff"])
def test_limit(path: Path, extension: str) -> None:
    data = encoded(BGR, extension)
    assert code(path, data, Limits(max_pixels=6 * 8 * 3 - 1)) == "too_large"
    read_bytes(path, data, Limits(max_pixels=6 * 8 * 3))


def test_a_tiff_whose_pages_go_in_a_circle(path: Path) -> None:
    data = tiff(GREY)
    assert code(path, data[:-4] + struct.pack("<I", 8 + GREY.nbytes)) == "bad_header"


def test_nothing_is_printed_about_a_bad_picture(
    path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(encoded(GREY, ".tiff"))
    data[8:40] = b"\xff" * 32
    path.write_bytes(data)
    try:
        read([path])
    except UnreadableScan:
        assert capfd.readouterr() == ("", "")
