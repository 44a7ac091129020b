"""Scans written anew without what tells whose they are."""

import gzip
from pathlib import Path
from typing import Any

import cv2
import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from indexer.deidentify import deidentify, seen_of
from indexer.deidentify.of_dicom import KEPT
from indexer.read import read
from models.errors import UnreadableScan
from tests.indexer.read.dicom_files import dataset, save
from tests.retrieval.films import series

ALLOWED = KEPT | {
    *("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "PatientName"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "PatientAge", "PixelData"),
}
DICOM = Path(pydicom.data.__file__).parent / "test_files"


def anew(target: Path, *paths: Path) -> list[Path]:
    target.mkdir()
    told: dict[str, Any] = {"paths": [str(path) for path in paths], "folder": str(target)}
    meta, _ = deidentify({**told, "patient": "P-1", "study": "2.25.1", "series": "2.25.2"})
    files = sorted(target.iterdir())
    assert meta["files"] == len(files)
    return files


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "MR_small_bigendian.dcm",
        "image_dfl.dcm",
        "JPEG-lossy.dcm",
        "JPEG2000.dcm",
        "MR_small_RLE.dcm",
        "examples_palette.dcm",
        "rtdose.dcm",
        "liver_1frame.dcm",
        "SC_rgb_small_odd_big_endian.dcm",
    ],
)
def test_dicom_keeps_what_is_seen_and_nothing_else(name: str, tmp_path: Path) -> None:
    source = DICOM / name
    (file,) = anew(tmp_path / "new", source)
    assert seen_of(read([file])) == seen_of(read([source]))
    old, new = pydicom.dcmread(source), pydicom.dcmread(file)
    for element in new.iterall():
        assert element.keyword in ALLOWED
    for uid in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        assert new[uid].value != old.get(uid)
    assert (new.PatientID, new.PatientName) == ("P-1", "P-1")
    assert str(old.PatientName) not in file.read_bytes().decode("latin-1") or not old.PatientName


def test_what_follows_compressed_pixels_is_left_out(tmp_path: Path) -> None:
    told = pydicom.dcmread(DICOM / "JPEG2000.dcm")
    told.DataSetTrailingPadding = b"ERIKA MUSTERMANN"
    told.save_as(tmp_path / "trailing.dcm")
    (file,) = anew(tmp_path / "new", tmp_path / "trailing.dcm")
    assert b"MUSTERMANN" not in file.read_bytes()


def test_slices_stay_one_series(tmp_path: Path) -> None:
    folder = series(tmp_path / "old", "erika")
    files = anew(tmp_path / "new", *sorted(folder.iterdir()))
    assert len(files) == 6
    assert seen_of(read(files)) == seen_of(read(list(folder.iterdir())))
    assert b"erika" not in b"".join(file.read_bytes() for file in files)


@pytest.mark.parametrize(
    ("age", "born", "expected"),
    [("044Y", "", "044Y"), ("097Y", "", "090Y"), ("005M", "", "005M"), ("", "19800101", "040Y")],
)
def test_an_age_is_kept_no_birthday(age: str, born: str, expected: str, tmp_path: Path) -> None:
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    told = dataset(pixels, PatientAge=age, PatientBirthDate=born, StudyDate="20200601")
    save(told, tmp_path / "a.dcm")
    (file,) = anew(tmp_path / "new", tmp_path / "a.dcm")
    new = pydicom.dcmread(file)
    assert new.PatientAge == expected
    assert "PatientBirthDate" not in new


def test_burned_in_text_is_refused(tmp_path: Path) -> None:
    told = dataset(np.ones((8, 8), np.uint16), BurnedInAnnotation="YES")
    save(told, tmp_path / "a.dcm")
    with pytest.raises(UnreadableScan, match="burned into") as refused:
        anew(tmp_path / "new", tmp_path / "a.dcm")
    assert refused.value.code == "not_kept"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_keeps_its_pixels_alone(dtype: type, channels: int, tmp_path: Path) -> None:
    made = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (20, 30, channels), dtype)
    if channels == 4:
        made[..., 3] = np.iinfo(dtype).max
        made[:3, :, 3] = 0
    cv2.imwrite(str(tmp_path / "a.png"), made)
    (file,) = anew(tmp_path / "new", tmp_path / "a.png")
    assert file.name == "scan.png"
    assert seen_of(read([file])) == seen_of(read([tmp_path / "a.png"]))


def test_a_photograph_loses_its_exif_and_stays_upright(tmp_path: Path) -> None:
    made = Image.fromarray(np.arange(600, dtype=np.uint8).reshape(20, 30) // 3)
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "Erika Mustermann"  # turned; ImageDescription
    made.save(tmp_path / "a.jpg", exif=exif, comment=b"Mustermann", quality=95)
    (file,) = anew(tmp_path / "new", tmp_path / "a.jpg")
    assert b"Mustermann" not in file.read_bytes()
    assert seen_of(read([file])) == seen_of(read([tmp_path / "a.jpg"]))


def test_a_file_of_several_pages_is_refused(tmp_path: Path) -> None:
    pages = [np.full((8, 8), level, np.uint8) for level in (1, 2)]
    cv2.imwritemulti(str(tmp_path / "a.tif"), pages)
    with pytest.raises(UnreadableScan, match="several pages"):
        anew(tmp_path / "new", tmp_path / "a.tif")


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("shape", [(4, 5, 6), (4, 5, 6, 2), (4, 5)])
def test_nifti_loses_its_texts(
    kind: Any, name: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    image = kind(values, np.diag([-2.0, -2.0, 3.0, 1.0]))
    image.header["descrip"] = b"Erika Mustermann"
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension(6, b"Mustermann"))
    nibabel.save(image, tmp_path / name)
    (file,) = anew(tmp_path / "new", tmp_path / name)
    assert b"Mustermann" not in gzip.decompress(file.read_bytes())
    assert seen_of(read([file])) == seen_of(read([tmp_path / name]))


def test_what_would_be_read_otherwise_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.tif"), np.random.default_rng(0).random((8, 8)).astype(np.float32))
    with pytest.raises(UnreadableScan, match="cannot be kept exactly"):
        anew(tmp_path / "new", tmp_path / "a.tif")
