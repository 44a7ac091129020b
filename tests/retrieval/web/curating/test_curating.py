"""Adding, labelling and removing cases at a real server."""

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest

from indexer import commit
from indexer.curated import changing
from indexer.pipeline import build
from tests.retrieval.films import KNOWN, series
from tests.retrieval.web.curating.conftest import Archived
from tests.retrieval.web.people import cbir, certificate, problem, signed_in
from tests.retrieval.web.security.asked import ASK, case_of, hand_in
from tests.retrieval.web.serving import served

CASES = "/api/v1/cases"
DONE_WITHIN_S = 60
SECRETS = ("Mustermann^Erika", "HOSP-4711", "1.2.3.4.5.6.7", "Dr. Wer")


def settled(one: httpx.Client, sent: httpx.Response) -> dict[str, Any]:
    """What became of a change."""
    assert sent.status_code == 202, sent.text
    told: dict[str, Any] = sent.json()
    until = time.monotonic() + DONE_WITHIN_S
    while told["state"] in ("waiting", "working") and time.monotonic() < until:
        time.sleep(0.2)
        told = one.get(f"/api/v1/changes/{told['change_id']}").json()
    return told


def film_of_somebody(examples: Path, target: Path) -> Path:
    """An example film with a name, numbers and a private element in its header."""
    told = pydicom.dcmread(examples / "queries/Montgomery_0006.dcm")
    told.PatientName, told.PatientID, told.ReferringPhysicianName = SECRETS[0], *SECRETS[1::2]
    told.StudyInstanceUID = SECRETS[2]
    told.PatientAge = "044Y"
    told.private_block(0x0099, "SOMEBODY", create=True).add_new(1, "LO", SECRETS[0])
    told.save_as(target)
    return target


def holders(folder: Path, text: str) -> list[str]:
    """The files below a folder that have this text in their name or bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if text in str(path) or text.encode() in path.read_bytes()]


def test_a_scan_is_added_without_whose_it_is(
    curated: Archived, examples: Path, tmp_path: Path
) -> None:
    film = film_of_somebody(examples, tmp_path / "film.dcm")
    said = {"label": "tuberculosis", "patient_id": "P-77", "findings": "A cavity, upper left."}
    with signed_in(curated.server, "carl") as one:
        scan = hand_in(one, film)
        told = settled(one, one.post(CASES, json={"scan_id": scan, **said}))
        assert (told["state"], told["code"]) == ("done", "")
        found = one.post(ASK, json={"scan_id": scan, "k": 1, "patient_id": "nobody"}).json()
        case = one.get(f"{CASES}/{told['case_id']}").json()
    assert found["hits"][0]["case_id"] == told["case_id"]
    assert found["hits"][0]["score"] == pytest.approx(1.0, abs=1e-3)
    assert {name: case[name] for name in said} == said
    assert case["age"] == 44
    for secret in SECRETS:
        assert holders(curated.archive, secret) == []
        assert holders(curated.index, secret) == []
    assert told["case_id"] in curated.audit
    assert '"Import"' in curated.audit
    assert said["findings"] not in curated.audit


def test_a_series_is_added_as_one(curated: Archived, tmp_path: Path) -> None:
    folder = series(tmp_path / "ct", "a")
    with signed_in(curated.server, "carl") as one:
        files = [("files", (path.name, path.read_bytes())) for path in sorted(folder.iterdir())]
        scan = one.post("/api/v1/scans", files=files).json()["scan_id"]
        body = {"scan_id": scan, "label": "mass", "patient_id": "P-1"}
        told = settled(one, one.post(CASES, json=body))
        assert told["state"] == "done"
        case = one.get(f"{CASES}/{told['case_id']}").json()
    assert (case["label"], case["modality"]) == ("mass", "CT")
    assert len(case["instances"]) == 6


def test_what_curators_said_stays_with_the_next_build(curated: Archived, examples: Path) -> None:
    before = (curated.archive / "cases.csv").read_bytes()
    with signed_in(curated.server, "carl") as one:
        told = one.get(CASES, params={"where": "label = 'pneumonia'"}).json()["cases"][0]
        place = f"{CASES}/{told['case_id']}"
        change = settled(one, one.patch(place, json={"label": "normal"}))
        assert change["state"] == "done"
        assert one.get(place).json()["label"] == "normal"
        scan = hand_in(one, examples / "queries/Montgomery_0372.jpg")
        body = {"scan_id": scan, "label": "pneumonia", "patient_id": "P-2"}
        added = settled(one, one.post(CASES, json=body))["case_id"]
        again = settled(one, one.patch(f"{CASES}/{added}", json={"label": "=normal"}))
        assert again["state"] == "done"
    assert build(curated.archive, curated.index).relabelled == 0
    fresh = curated.index.with_name("fresh")
    build(curated.archive, fresh)
    with signed_in(curated.server, "anna") as one:
        assert one.get(place).json()["label"] == "normal"
        assert one.get(f"{CASES}/{added}").json()["label"] == "=normal"
    assert (
        commit.opened(fresh).manifest["counts"] == commit.opened(curated.index).manifest["counts"]
    )
    assert (curated.archive / "cases.csv").read_bytes() == before


def test_a_case_is_removed_and_nothing_of_it_is_left(curated: Archived, examples: Path) -> None:
    with signed_in(curated.server, "carl") as one:
        scan = hand_in(one, examples / "queries/Montgomery_0372.jpg")
        body = {"scan_id": scan, "label": "normal", "patient_id": "P-gone", "findings": "Erased."}
        added = settled(one, one.post(CASES, json=body))["case_id"]
        instance = one.get(f"{CASES}/{added}").json()["instances"][0]["instance"]
        assert one.get(f"/api/v1/instances/{instance}").status_code == 200
        told = settled(one, one.delete(f"{CASES}/{added}"))
        assert (told["state"], told["detail"]) == ("done", "")
        assert problem(one.get(f"{CASES}/{added}")) == (404, "no_case")
        assert problem(one.delete(f"{CASES}/{added}")) == (404, "no_case")
    for folder in (curated.archive, curated.index):
        assert holders(folder, "P-gone") == []
        assert holders(folder, "Erased.") == []
    assert '"DICOM Study Deleted"' in curated.audit


def test_a_case_of_the_archive_is_removed_but_not_its_file(curated: Archived) -> None:
    with signed_in(curated.server, "carl") as one:
        case = case_of(one)
        assert settled(one, one.delete(f"{CASES}/{case}"))["state"] == "done"
        total = one.get(CASES).json()["total"]
    assert total == 11
    assert len([path for path in curated.archive.rglob("*") if path.suffix != ".csv"]) > 12
    assert build(curated.archive, curated.index).cases == 11


def test_a_change_waits_while_somebody_else_writes_to_the_index(curated: Archived) -> None:
    with signed_in(curated.server, "carl") as one:
        case = case_of(one)
        with commit.locked(curated.index):
            sent = one.patch(f"{CASES}/{case}", json={"label": "mass"})
            time.sleep(2)
            told = one.get(f"/api/v1/changes/{sent.json()['change_id']}").json()
            assert told["state"] in ("waiting", "working")
        assert settled(one, sent)["state"] == "done"
        assert one.get(f"{CASES}/{case}").json()["label"] == "mass"


def test_what_was_not_built_when_a_server_ended_is_built_at_the_next_start(
    curated: Archived, tmp_path: Path
) -> None:
    curated.server.process.terminate()
    curated.server.process.wait(20)
    with changing(curated.archive) as rows:
        rows[KNOWN] = {"path": KNOWN, "label": "mass"}
    secured = ("--auth", str(curated.folder), *certificate(tmp_path).arguments)
    with served(curated.index, *secured, "--archive", str(curated.archive)) as one:
        until = time.monotonic() + DONE_WITHIN_S
        while commit.opened(curated.index).number == 1 and time.monotonic() < until:
            time.sleep(0.2)
        with signed_in(one, "anna") as reader:
            assert reader.get(CASES, params={"where": "label = 'mass'"}).json()["total"] == 1


NOT_SAID = (
    {"label": ""},
    {"label": "two\nlines"},
    {"label": "x" * 201},
    {"label": "   "},
    {"label": "\u202e"},
    {"patient_id": "../up"},
    {"patient_id": "Erika Mustermann"},
    {"patient_id": ""},
    {"findings": "x" * 10_001},
    {"more": "x"},
)


def test_what_cannot_be_said_of_a_case_is_refused(curated: Archived) -> None:
    body = {"scan_id": "x", "label": "normal", "patient_id": "P"}
    with signed_in(curated.server, "carl") as one:
        for said in NOT_SAID:
            assert problem(one.post(CASES, json={**body, **said})) == (422, "invalid"), said
    assert not (curated.archive / "curated.csv").exists()


def test_what_is_not_there_or_cannot_be_kept_is_refused(
    curated: Archived, examples: Path, tmp_path: Path
) -> None:
    burned = pydicom.dcmread(examples / "queries/Montgomery_0006.dcm")
    burned.BurnedInAnnotation = "YES"
    burned.save_as(tmp_path / "burned.dcm")
    body = {"label": "normal", "patient_id": "P"}
    with signed_in(curated.server, "carl") as one:
        assert problem(one.post(CASES, json={"scan_id": "no", **body})) == (404, "no_scan")
        assert problem(one.patch(f"{CASES}/no", json={"label": "x"})) == (404, "no_case")
        assert problem(one.get("/api/v1/changes/no")) == (404, "no_change")
        scan = hand_in(one, tmp_path / "burned.dcm")
        assert problem(one.post(CASES, json={"scan_id": scan, **body})) == (422, "not_kept")
    assert not (curated.archive / "curated").exists()


def test_only_curators_change_the_archive(curated: Archived) -> None:
    with signed_in(curated.server, "anna") as one:
        case = case_of(one)
        for sent in (
            one.post(CASES, json={"scan_id": "x", "label": "x", "patient_id": "x"}),
            one.patch(f"{CASES}/{case}", json={"label": "x"}),
            one.delete(f"{CASES}/{case}"),
            one.get("/api/v1/changes/x"),
        ):
            assert problem(sent) == (403, "not_allowed")
        assert one.get("/api/v1/session").json()["may"] == ["ask"]
    with signed_in(curated.server, "carl") as one:
        assert one.get("/api/v1/session").json()["may"] == ["ask", "curate"]


@pytest.mark.parametrize(
    ("secured", "place", "sentence"),
    [
        (False, "archive", "needs people who sign in: --auth"),
        (True, "elsewhere", "was built from"),
        (True, "nowhere", "there is no such file"),
    ],
)
def test_an_archive_that_is_not_the_indexs_is_refused(
    archive: Path,
    index: Path,
    staff: Path,
    tmp_path: Path,
    secured: bool,
    place: str,
    sentence: str,
) -> None:
    (tmp_path / "elsewhere" / "normal").mkdir(parents=True)
    shutil.copy(archive / KNOWN, tmp_path / "elsewhere/normal")
    where = archive if place == "archive" else tmp_path / place
    given = ["--auth", str(staff), *certificate(tmp_path).arguments] if secured else []
    done = cbir("serve", "--index", str(index), "--archive", str(where), *given, "--check")
    assert done.returncode == 2
    assert sentence in done.stderr
