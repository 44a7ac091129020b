from pathlib import Path

import pytest

from indexer.read import peek
from indexer.read.dicom.values import years
from indexer.scan import Header
from tests.indexer.read.dicom_files import dataset, dicom, plane, ramp, save


def test_header_fields(tmp_path: Path) -> None:
    path = dicom(
        tmp_path / "scan",
        ramp(),
        SOPInstanceUID="1.2.3.4.5",
        Modality="CR",
        BodyPartExamined="Chest",
        ViewPosition="PA",
        PatientSex="F",
        PatientAge="039Y",
        AdmittingDiagnosesDescription="tuberculosis",
        ImageComments="upper lobe",
        InstanceNumber=7,
    )
    seen = peek(path)
    assert seen.kind == "dicom"
    assert seen.instance_number == 7
    assert seen.header == Header(
        patient_id="P1",
        study_id="1.2.3",
        series_id="1.2.3.4",
        instance_id="1.2.3.4.5",
        modality="CR",
        body_part="CHEST",
        view="PA",
        sex="F",
        age=39.0,
        label="tuberculosis",
        text="upper lobe",
    )


@pytest.mark.parametrize(
    ("age", "expected"),
    [("039Y", 39), ("006M", 0.5), ("052W", 0.997), ("010D", 0.027), ("45", 45), ("39 Y", 39)],
)
def test_age_in_years(age: str, expected: float) -> None:
    assert years(age) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("age", ["", "old", "-3Y", "1234Y", "3.5Y"])
def test_what_is_no_age(age: str) -> None:
    assert years(age) is None


def test_age_from_the_dates(tmp_path: Path) -> None:
    path = dicom(tmp_path / "scan", ramp(), PatientBirthDate="19800101", StudyDate="20200702")
    assert peek(path).header.age == 40.5


def test_illegal_values_are_as_good_as_none(tmp_path: Path) -> None:
    made = dataset(ramp(), **plane(3.0))
    made.PatientSex = "X"
    made.StudyDate = "20200101"
    made.PatientBirthDate = "20300101"
    for keyword, raw in (("InstanceNumber", b"seven "), ("PixelSpacing", b"wide\\far ")):
        made[keyword]._value = raw  # past pydicom's own check
        made[keyword].VR = "UN"
    seen = peek(save(made, tmp_path / "scan"))
    assert (seen.header.sex, seen.header.age, seen.instance_number) == ("", None, None)


def test_place_along_the_normal(tmp_path: Path) -> None:
    coronal = plane(0.0) | {
        "ImagePositionPatient": [1, 42, 3],
        "ImageOrientationPatient": [1, 0, 0, 0, 0, -1],
    }
    assert peek(dicom(tmp_path / "scan", ramp(), **coronal)).position_mm == 42.0


def test_a_picture_without_a_plane_is_a_scan_of_its_own(tmp_path: Path) -> None:
    seen = peek(dicom(tmp_path / "scan", ramp()))
    assert (seen.series, seen.position_mm, seen.frames) == ("", None, 1)
