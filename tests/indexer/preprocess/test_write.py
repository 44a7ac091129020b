from pathlib import Path
from typing import Any

import cv2
import nibabel
import numpy as np
import pytest

from indexer.preprocess.write import write_result
from indexer.scan import Scan
from models.errors import CannotWrite, UsageError

nib: Any = nibabel  # typed in parts only
LEVELS = np.array([[0, 0.2, 0.5], [0.75, 0.999, 1]], np.float32)


def read(path: Path) -> np.ndarray:
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert stored is not None
    return np.asarray(stored)


def test_a_picture_of_8_bits(tmp_path: Path) -> None:
    write_result(Scan(LEVELS, unit="display"), tmp_path / "film.png")
    stored = read(tmp_path / "film.png")
    assert stored.dtype == np.uint8
    assert stored.tolist() == [[0, 51, 128], [191, 255, 255]]
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


def test_a_picture_of_more_bits_keeps_16(tmp_path: Path) -> None:
    write_result(Scan(LEVELS, unit="display", bits=12), tmp_path / "film.PNG")
    stored = read(tmp_path / "film.PNG")
    assert stored.dtype == np.uint16
    assert stored.tolist() == [[0, 13107, 32768], [49151, 65469, 65535]]


def test_a_colour_picture(tmp_path: Path) -> None:
    pixels = np.array([[[1, 0, 0.2]]], np.float32)
    write_result(Scan(pixels, unit="display", colour=True), tmp_path / "skin.png")
    assert read(tmp_path / "skin.png").tolist() == [[[51, 0, 255]]]  # cv2 gives blue first


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_volume(tmp_path: Path, name: str, bits: int) -> None:
    pixels = np.random.default_rng(0).random((3, 4, 5), np.float32)
    scan = Scan(pixels, unit="display", bits=bits, spacing_mm=(5.0, 0.8, 0.7))
    write_result(scan, tmp_path / name)
    image = nib.load(tmp_path / name)
    stored = np.asarray(image.dataobj).transpose(2, 1, 0)
    np.testing.assert_allclose(stored, pixels, atol=0.51 / (2**bits - 1))
    np.testing.assert_allclose(image.header.get_zooms(), (0.7, 0.8, 5.0))
    # From the patient's right to his left, from front to back, from foot to head.
    assert nib.aff2axcodes(image.affine) == ("L", "P", "S")


def test_colour_frames(tmp_path: Path) -> None:
    pixels = np.zeros((2, 3, 4, 3), np.float32)
    pixels[1, 2, 3] = (1, 0.2, 0)
    write_result(Scan(pixels, unit="display", colour=True), tmp_path / "us.nii.gz")
    assert nib.load(tmp_path / "us.nii.gz").dataobj[3, 2, 1].tolist() == (255, 51, 0)


@pytest.mark.parametrize(
    ("pixels", "name", "message"),
    [
        (LEVELS, "film.jpg", "'film.jpg': a picture is written as .png; rename it"),
        (LEVELS, "film.nii", "a picture is written as .png"),
        (LEVELS[None], "ct.png", "a volume is written as .nii or .nii.gz"),
    ],
)
def test_another_ending_is_refused(
    tmp_path: Path, pixels: np.ndarray, name: str, message: str
) -> None:
    with pytest.raises(UsageError) as error:
        write_result(Scan(pixels, unit="display"), tmp_path / name)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="nowhere"):
        write_result(Scan(LEVELS, unit="display"), tmp_path / "nowhere" / "film.png")


def test_what_was_there_survives_a_failure(tmp_path: Path) -> None:
    (tmp_path / "film.png").mkdir()  # cannot be replaced by a file
    with pytest.raises(CannotWrite):
        write_result(Scan(LEVELS, unit="display"), tmp_path / "film.png")
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]
