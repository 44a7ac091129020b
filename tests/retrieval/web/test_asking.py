"""Scans are handed in and asked about; what is wrong is said as a problem."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from retrieval.query import Query
from retrieval.search import Engine

FILM = "queries/Montgomery_0372.jpg"
NOTICE = "decision support for research, not for primary diagnosis"


@pytest.fixture
def scan(client: httpx.Client, examples: Path) -> dict[str, Any]:
    """A film that was handed in."""
    return hand_in(client, examples / FILM)


def hand_in(client: httpx.Client, film: Path) -> dict[str, Any]:
    response = client.post("/api/v1/scans", files=[("files", (film.name, film.read_bytes()))])
    assert response.status_code == 201, response.text
    told: dict[str, Any] = response.json()
    return told


def problem(response: httpx.Response) -> tuple[int, str]:
    assert response.headers["content-type"] == "application/problem+json"
    told = response.json()
    assert told["todo"] and told["detail"]
    assert told["status"] == response.status_code
    return response.status_code, told["code"]


def test_a_scan_is_shown_in_its_own_values(client: httpx.Client, scan: dict[str, Any]) -> None:
    assert (scan["frames"], scan["width"], scan["height"]) == (1, 512, 512)
    frame = client.get(f"/api/v1/scans/{scan['scan_id']}/frames/0")
    assert len(frame.content) == 512 * 512 * 2
    assert frame.headers["cache-control"] == "no-store"


def test_the_answer_is_that_of_the_command(
    client: httpx.Client, scan: dict[str, Any], index: Path, examples: Path
) -> None:
    told = client.post("/api/v1/queries", json={"scan_id": scan["scan_id"], "k": 3}).json()
    with Engine(index) as engine:
        expected = engine.query(Query(examples / FILM, k=3))
    assert [hit["case_id"] for hit in told["hits"]] == [hit.case_id for hit in expected.hits]
    assert [hit["score"] for hit in told["hits"]] == pytest.approx(
        [hit.score for hit in expected.hits], abs=1e-6
    )


def test_an_answer_says_what_it_is_and_what_made_it(
    client: httpx.Client, scan: dict[str, Any]
) -> None:
    told = client.post("/api/v1/queries", json={"scan_id": scan["scan_id"]}).json()
    assert told["notice"] == NOTICE
    assert told["software"] == {"version": "cbir 0.1.0", "encoder": "efficientnet-lite0"}
    assert told["index"]["generation"] == 1


def test_no_path_of_the_server_is_told(client: httpx.Client, scan: dict[str, Any]) -> None:
    told = client.post("/api/v1/queries", json={"scan_id": scan["scan_id"]}).json()
    assert told["query"]["path"] is None
    assert "path" not in told["index"]


def test_filters_are_alternatives_within_and_all_must_hold(
    client: httpx.Client, scan: dict[str, Any]
) -> None:
    body = {"scan_id": scan["scan_id"], "k": 12, "filters": {"label": ["normal", "pneumonia"]}}
    told = client.post("/api/v1/queries", json=body | {"where": "ward = 'east'"}).json()
    assert {hit["label"] for hit in told["hits"]} == {"normal"}
    assert len(told["hits"]) == 4


def test_a_case_of_the_archive_asks(client: httpx.Client) -> None:
    row = client.get("/api/v1/cases?limit=1").json()["cases"][0]
    told = client.post("/api/v1/queries", json={"case_id": row["case_id"], "k": 2}).json()
    assert row["case_id"] not in [hit["case_id"] for hit in told["hits"]]
    assert len(told["hits"]) == 2


def test_maps_show_what_made_a_hit_similar(client: httpx.Client, scan: dict[str, Any]) -> None:
    asked = {"scan_id": scan["scan_id"], "k": 1}
    hit = client.post("/api/v1/queries", json=asked).json()["hits"][0]["case_id"]
    told = client.post("/api/v1/maps", json=asked | {"hit": hit}).json()
    for name in ("query", "hit"):
        one = told[name]
        assert len(base64.b64decode(one["values"])) == one["width"] * one["height"]


@pytest.mark.parametrize(("form", "begins"), [("pdf", b"%PDF-"), ("html", b"<!DOCTYPE html>")])
def test_an_answer_can_be_handed_on(
    client: httpx.Client, scan: dict[str, Any], form: str, begins: bytes
) -> None:
    asked = {"scan_id": scan["scan_id"], "format": form}
    response = client.post("/api/v1/reports", json=asked)
    assert response.content[: len(begins)].lower() == begins.lower()
    assert "attachment" in response.headers["content-disposition"]


def test_what_is_let_go_is_gone(client: httpx.Client, scan: dict[str, Any]) -> None:
    address = f"/api/v1/scans/{scan['scan_id']}"
    assert client.delete(address).status_code == 204
    assert problem(client.get(address)) == (404, "no_scan")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (400, "usage")),
        ({"text": "x", "k": 0}, (422, "invalid")),
        ({"text": "x", "where": "label ="}, (400, "usage")),
        ({"text": "x", "weights": {"nothing": 1}}, (400, "usage")),
        ({"scan_id": "nobody's"}, (404, "no_scan")),
        ({"text": "x", "other": 1}, (422, "invalid")),
    ],
)
def test_what_cannot_be_asked_is_a_problem(
    client: httpx.Client, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert problem(client.post("/api/v1/queries", json=body)) == expected


def test_what_is_no_scan_is_a_problem(client: httpx.Client) -> None:
    response = client.post("/api/v1/scans", files=[("files", ("a.png", b"no picture"))])
    assert problem(response)[0] == 422


def test_another_sites_page_changes_nothing(client: httpx.Client) -> None:
    response = client.post(
        "/api/v1/queries", json={"text": "x"}, headers={"Origin": "https://elsewhere.example"}
    )
    assert problem(response) == (403, "other_origin")


def test_a_region_is_asked_about(client: httpx.Client, scan: dict[str, Any]) -> None:
    region = {"x": 40.5, "y": 60, "w": 139.2, "h": 240, "frame": 0}
    body = {"scan_id": scan["scan_id"], "k": 3, "region": region}
    told = client.post("/api/v1/queries", json=body).json()
    asked = {name: told["query"]["region"][name] for name in "xywh"}
    assert asked == {"x": 40, "y": 60, "w": 140, "h": 240}
    assert len(told["hits"]) == 3
    for hit in told["hits"]:
        assert hit["contributions"] == {"region": pytest.approx(hit["score"], abs=1e-6)}
        assert set(hit["region"]) == set("xywh")


@pytest.mark.parametrize(
    ("region", "more", "expected"),
    [
        ({"x": 500, "y": 0, "w": 100, "h": 100}, {}, (400, "usage")),
        ({"x": 5, "y": 5, "w": 1, "h": 1}, {}, (400, "usage")),
        ({"x": 5, "y": 5, "w": 50, "h": 50, "frame": 3}, {}, (400, "usage")),
        ({"x": 5, "y": 5, "w": 50, "h": 50}, {"text": "effusion"}, (400, "usage")),
        ({"x": -5, "y": 5, "w": 50, "h": 50}, {}, (422, "invalid")),
        ({"x": 5, "y": 5, "w": float("inf"), "h": 50}, {}, (422, "invalid")),
    ],
)
def test_a_region_that_is_none_is_refused(
    client: httpx.Client,
    scan: dict[str, Any],
    region: dict[str, float],
    more: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    body = json.dumps({"scan_id": scan["scan_id"], "region": region, **more})
    headers = {"content-type": "application/json"}
    response = client.post("/api/v1/queries", content=body, headers=headers)
    assert problem(response) == expected
