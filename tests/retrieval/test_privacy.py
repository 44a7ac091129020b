"""What a header says of a person stays where it belongs: not in logs, not in a stray column."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.indexer.read.dicom_files import dataset, save
from tests.retrieval.cli.running import in_process

SECRETS = {
    "PatientName": "Sesame^Open",
    "OtherPatientIDs": "SESAME-ID",
    "PatientBirthDate": "SESAMEDATE",
    "PatientAddress": "1 Sesame Street",
    "PatientAge": "SESAMEAGE",
    "PatientSex": "SESAMESEX",
    "ReferringPhysicianName": "Sesame^Doctor",
    "InstitutionName": "Sesame Hospital",
    "AccessionNumber": "SESAME-ACC",
    "StudyDate": "SESAMEDAY",
    "StudyDescription": "Sesame study",
    "SeriesDescription": "Sesame series",
    "ProtocolName": "\x1b[2JSesame",
    "DeviceSerialNumber": "SESAME-SERIAL",
}
NUMBERS = ("WindowCenter", "WindowWidth", "SliceThickness", "InstanceNumber", "SeriesNumber")
NUMBER = "123456"  # is written, and becomes a word in the file
MEANT = {"PatientID": "P-1", "ImageComments": "small effusion", "BodyPartExamined": "CHEST"}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three films; the third has a header that says where its pixels are, and no pixels."""
    folder = tmp_path_factory.mktemp("secret") / "films"
    folder.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 4000, (80, 80)).astype(np.uint16)
        uids = {"StudyInstanceUID": f"1.2.3.{number}", "SeriesInstanceUID": f"1.2.4.{number}"}
        numbers = dict.fromkeys(NUMBERS, NUMBER)
        made = dataset(pixels, Modality="CR", **uids, **SECRETS, **MEANT, **numbers)
        if number == 2:
            made.PixelData = made.PixelData[:100]
        file = save(made, folder / f"{number}.dcm")
        data = file.read_bytes()
        assert data.count(NUMBER.encode()) == len(NUMBERS)
        file.write_bytes(data.replace(NUMBER.encode(), b"SESAME"))
    return folder


@pytest.mark.slow
def test_no_run_tells_what_stands_in_a_header(films: Path, tmp_path: Path) -> None:
    index = tmp_path / "ix"
    told = in_process("index", films, "--out", index, "-v")
    assert told.code == 0
    assert "rejected 1" in told.err
    asked = in_process("query", films / "0.dcm", "--index", index, "-v", "--format", "html")
    assert asked.code == 0
    refused = in_process("query", films / "2.dcm", "--index", index, "-v")
    assert refused.code == 4
    tried = in_process("preprocess", films / "2.dcm", "--out", tmp_path / "a.png", "-v")
    assert tried.code == 4
    for ran in (told, asked, refused, tried):
        assert "sesame" not in (ran.out + ran.err).lower()

    files = [path for path in index.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {"", ".parquet", ".faiss", ".json", ".safetensors"}
    for path in files:
        assert b"sesame" not in path.read_bytes().lower(), path
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
            assert "sesame" not in repr(rows).lower(), path
            assert "sesame" not in repr(pq.read_schema(path).metadata).lower(), path


def test_what_is_meant_to_be_kept_is_kept(films: Path, tmp_path: Path) -> None:
    in_process("index", films, "--out", tmp_path / "ix", "-q")
    cases = pq.read_table(next(tmp_path.glob("ix/gen-*/cases.parquet"))).to_pylist()
    assert [case["patient_id"] for case in cases] == ["P-1", "P-1"]
    assert {case["findings"] for case in cases} == {"small effusion"}
    assert {(case["modality"], case["body_part"]) for case in cases} == {("CR", "CHEST")}
    assert {(case["age"], case["sex"]) for case in cases} == {(None, None)}
