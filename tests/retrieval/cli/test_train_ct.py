"""The worked task on CT: lung disease, from series of slices.

There are three real series, one of each label. Every fourth slice of one is taken for a patient of
his own here, so nothing can be said of how well it learns: only that it does, from CT as it comes,
and that a series is one scan throughout.
"""

import json
from importlib.util import find_spec
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import generate_uid

from tests.retrieval.cli.running import Run

pytestmark = [
    pytest.mark.shared,
    pytest.mark.slow,
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

PATIENTS = 4
LABELS = ("covid-19", "normal", "pneumonia")


def parted(chest_ct: Path, archive: Path) -> Path:
    """A folder a label with the slices of `PATIENTS` patients, a series each."""
    for label in LABELS:
        slices = sorted((chest_ct / label).rglob("*.dcm"))
        place = {path: float(pydicom.dcmread(path).ImagePositionPatient[2]) for path in slices}
        slices.sort(key=place.__getitem__)
        for patient in range(PATIENTS):
            folder = archive / label / f"{patient}"
            folder.mkdir(parents=True)
            series, study = generate_uid(), generate_uid()
            for path in slices[patient::PATIENTS]:
                scan = pydicom.dcmread(path)
                scan.PatientID = f"{label}-{patient}"
                scan.SeriesInstanceUID, scan.StudyInstanceUID = series, study
                scan.SOPInstanceUID = scan.file_meta.MediaStorageSOPInstanceUID = generate_uid()
                scan.save_as(folder / path.name)
    return archive


def test_lung_disease_on_ct(run: Run, shared: Path, tmp_path: Path) -> None:
    archive = parted(shared / "chest_ct", tmp_path / "archive")
    small = ("--network", "small", "--size", "64", "--epochs", "3", "--set", "averaging=0", "-q")
    ran = run("train", "classifier", archive, "--out", "run", *small, "--format", "json")
    assert ran.code == 0, ran.err
    told = ran.json
    assert told["classes"] == list(LABELS)
    assert told["films"]["train"] > 20  # slices
    measured = sum(map(sum, told["test"]["confusion"]))
    assert 2 <= measured <= 6  # series, not slices
    spec = json.loads(Path("run/model/classifier.json").read_text())
    assert (spec["modalities"], spec["body_parts"]) == (["CT"], ["CHEST"])

    model = "run/model/classifier.json"
    ran = run("annotate", archive, "--model", model, "--out", "machine.csv", "-q")
    assert ran.code == 0, ran.err
    assert len(Path("machine.csv").read_text().splitlines()) == 1 + len(LABELS) * PATIENTS
    assert run("index", archive, "--out", "ix", "--encoder", model, "-q").code == 0
    ran = run("query", archive / "normal" / "0", "--index", "ix", "--format", "json")
    assert ran.code == 0, ran.err
    assert ran.json["hits"][0]["label"] == "normal"
