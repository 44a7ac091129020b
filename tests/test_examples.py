"""The example films are what `examples/SOURCES.md` says."""

import csv
import filecmp
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless

from benchmarks import make_examples

FOLDERS = ("archive", "queries")


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "cases.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def dicom_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


@pytest.mark.parametrize("name", FOLDERS)
def test_every_film_has_its_row(examples: Path, name: str) -> None:
    folder = examples / name
    films = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.suffix != ".csv"}
    folders = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_dir()}
    told = {row[column] for row in rows(folder) for column in ("path", "mask")} - {""}
    assert told == films - folders


def test_labels_are_balanced(examples: Path) -> None:
    three = ("normal", "pneumonia", "tuberculosis")
    counts = {name: Counter(row["label"] for row in rows(examples / name)) for name in FOLDERS}
    assert counts == {"archive": dict.fromkeys(three, 30), "queries": dict.fromkeys(three, 4)}


def test_normal_films_come_from_every_site(examples: Path) -> None:
    for name in FOLDERS:
        sites = {
            r["patient_id"].split("-")[0] for r in rows(examples / name) if r["label"] == "normal"
        }
        assert sites == {"Shenzhen", "Montgomery", "NIH"}


def test_no_patient_is_in_both(examples: Path) -> None:
    archive, queries = ({row["patient_id"] for row in rows(examples / n)} for n in FOLDERS)
    assert archive & queries == set()
    assert len(queries) == 12


def test_one_patient_has_two_films_so_that_there_is_a_prior(examples: Path) -> None:
    films = Counter(row["patient_id"] for row in rows(examples / "archive"))
    assert [patient for patient, count in films.items() if count > 1] == ["NIH-00005712"]


def test_they_are_small(examples: Path) -> None:
    assert sum(p.stat().st_size for p in examples.rglob("*") if p.is_file()) < 10_000_000


def test_queries_do_not_bring_their_answer(examples: Path) -> None:
    assert {row["findings"] for row in rows(examples / "queries")} == {""}
    for path in dicom_files(examples / "queries"):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert "AdmittingDiagnosesDescription" not in header
        assert "ImageComments" not in header
    for row in rows(examples / "queries"):
        assert row["label"] not in row["path"]


def test_dicom_headers_agree_with_the_table(examples: Path) -> None:
    for name in FOLDERS:
        said = {row["path"]: row for row in rows(examples / name)}
        for path in dicom_files(examples / name):
            row = said[path.relative_to(examples / name).as_posix()]
            header = pydicom.dcmread(path, stop_before_pixels=True)
            assert header.PatientID == row["patient_id"]
            assert str(header.PatientName).startswith("Example^")
            assert (header.Modality, header.BodyPartExamined) == ("CR", "CHEST")
            assert (header.PatientSex, header.ViewPosition) == (row["sex"], row["view"])
            age = str(header.get("PatientAge", ""))
            assert age == (f"{int(row['age']):03d}Y" if row["age"] else "")


def test_dicom_comes_in_the_forms_of_real_archives(examples: Path) -> None:
    headers = [pydicom.dcmread(path) for path in dicom_files(examples)]
    assert len(headers) == 16
    assert len({h.SOPInstanceUID for h in headers}) == len({h.PatientName for h in headers}) == 16
    assert Counter(h.file_meta.TransferSyntaxUID for h in headers) == {
        ExplicitVRLittleEndian: 4,
        RLELossless: 5,
        JPEG2000Lossless: 7,
    }
    assert Counter(h.PhotometricInterpretation for h in headers) == {
        "MONOCHROME1": 5,
        "MONOCHROME2": 11,
    }
    assert Counter(h.BitsStored for h in headers) == {8: 5, 10: 1, 12: 10}
    assert sum("RescaleSlope" in h for h in headers) == 5
    assert sum("WindowCenter" in h for h in headers) == 11


def test_dicom_pixels_fill_their_bits(examples: Path) -> None:
    for path in dicom_files(examples):
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array
        assert pixels.shape == (384, 384)
        assert np.ptp(pixels) > 0.8 * (2**dataset.BitsStored - 1)


@pytest.mark.shared
def test_the_script_makes_the_same_bytes(examples: Path, shared: Path, tmp_path: Path) -> None:
    make_examples.main(["--data", str(shared / "chest_xray"), "--out", str(tmp_path)])
    for name in FOLDERS:
        made = sorted(p.relative_to(tmp_path) for p in (tmp_path / name).rglob("*") if p.is_file())
        _, wrong, missing = filecmp.cmpfiles(tmp_path, examples, map(str, made), shallow=False)
        assert (wrong, missing) == ([], [])
        kept = sorted(p.relative_to(examples) for p in (examples / name).rglob("*") if p.is_file())
        assert made == kept


@pytest.mark.shared
def test_a_dicom_film_shows_what_its_source_shows(examples: Path, shared: Path) -> None:
    source = cv2.imread(
        str(shared / "chest_xray/images/Montgomery_MCUCXR_0006_0.jpg"), cv2.IMREAD_GRAYSCALE
    )
    assert source is not None
    dataset = pydicom.dcmread(examples / "queries" / "Montgomery_0006.dcm")
    assert dataset.PhotometricInterpretation == "MONOCHROME2"
    small = cv2.resize(source.astype(np.float32), (384, 384), interpolation=cv2.INTER_AREA)
    shown = dataset.pixel_array.astype(np.float32) * (255 / (2**dataset.BitsStored - 1))
    assert np.abs(shown - small).max() < 0.04  # half a step of 12 bits, in steps of 8 bits
