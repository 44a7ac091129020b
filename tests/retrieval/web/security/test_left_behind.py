"""Texts from headers, what a query leaves behind, where files are decoded (docs/security.md)."""

import time
from pathlib import Path

from tests.retrieval.web.conftest import Office
from tests.retrieval.web.people import (
    client,
    signed_in,
)
from tests.retrieval.web.security.asked import ASK, FILM, case_of, hand_in
from tests.retrieval.web.serving import served

# Texts from headers


def test_what_stands_in_a_header_is_text_never_markup(office: Office, tmp_path: Path) -> None:
    """In the report: escaped, and what steers or reorders a line shown by its number."""
    with signed_in(office.server, "anna") as one:
        text = "<img src=x onerror=alert(1)>\u202egnp.exe\x07"
        case = case_of(one)
        report = one.post("/api/v1/reports", json={"case_id": case, "text": text})
        assert report.status_code == 200, report.text
        refused = one.get("/api/v1/cases", params={"where": f"label = '{text}' nonsense"})
    assert "<img src=x" not in report.text
    assert "&lt;img src=x" in report.text
    for shown in (report.text, refused.json()["detail"]):
        assert "\u202e" not in shown
        assert "\x07" not in shown
    assert "U+202E" in report.text
    assert refused.headers["content-type"] == "application/problem+json"


# Queries leave nothing behind


def test_queries_leave_nothing_behind(office: Office, examples: Path, tmp_path: Path) -> None:
    with signed_in(office.server, "anna") as one:
        film = tmp_path / "film.jpg"
        film.write_bytes((examples / FILM).read_bytes() + b"found by this")
        scan = hand_in(one, film)
        assert one.post(ASK, json={"scan_id": scan, "text": "Mustermann"}).status_code == 200
        assert one.post("/api/v1/reports", json={"scan_id": scan, "format": "pdf"}).is_success
        held = [path for path in office.temporary.rglob("*") if scan in str(path)]
        assert held
        assert one.delete(f"/api/v1/scans/{scan}").status_code == 204
        time.sleep(0.2)
    for path in office.temporary.rglob("*"):
        assert scan not in str(path)
        if path.is_file():
            data = path.read_bytes()
            assert b"found by this" not in data
            assert b"Mustermann" not in data


def test_a_server_that_ends_leaves_nothing_behind(
    index: Path, examples: Path, tmp_path: Path
) -> None:
    before = sorted(path.name for path in index.rglob("*"))
    place = tmp_path / "tmp"
    place.mkdir()
    with served(index, folder=place) as server, client(server) as one:
        scan = hand_in(one, examples / FILM)
        assert one.post(ASK, json={"scan_id": scan, "text": "Mustermann"}).status_code == 200
    assert list(place.rglob("*")) == []
    assert sorted(path.name for path in index.rglob("*")) == before


# Decoding


def test_decoding_is_done_in_the_workers_alone(office: Office, examples: Path) -> None:
    """The server's own process has not even loaded a decoder for DICOM; a worker has."""
    (film, *_) = sorted((examples / "queries").glob("*.dcm"))
    with signed_in(office.server, "anna") as one:
        hand_in(one, film)
    maps = Path(f"/proc/{office.server.process.pid}/maps").read_text()
    assert "python" in maps
    for decoder in ("gdcm", "openjpeg", "_CharLS", "pylibjpeg"):
        assert decoder.lower() not in maps.lower(), decoder
