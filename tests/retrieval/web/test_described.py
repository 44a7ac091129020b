"""Whatever the OpenAPI description allows, and what it does not, is answered without a fault.

schemathesis reads the description of a real server and makes requests of it: examples, the edges
of what is allowed, invented ones, and sequences in which one answer is the next one's question.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from tests.retrieval.web.curating.conftest import Archived, curated, staff
from tests.retrieval.web.people import client as client_of
from tests.retrieval.web.people import token
from tests.retrieval.web.security.asked import FILM, case_of, hand_in
from tests.retrieval.web.serving import Serving

pytest.importorskip("schemathesis", reason="schemathesis is not installed (pip install '.[dev]')")

__all__ = ["curated", "staff"]
WITHIN_S = 300


def asked(address: str, place: Path, known: Mapping[str, str], *options: str) -> dict[str, int]:
    """Has it ask a server, which must not have answered any status of 5xx.

    `known`: values of parameters that are there, by place and name. Gives how many requests of each
    operation were accepted.
    """
    lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in known.items()]
    config = place / "schemathesis.toml"
    config.write_text("\n".join(["[parameters]", *lines]) + "\n")
    report = place / "report.json"
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
        *("--checks", "not_a_server_error", "--max-examples", "15", "--seed", "1", "--no-color"),
        *("--request-timeout", "60", "--report-json-path", str(report), *options),
        f"{address}/openapi.json",
    ]
    done = subprocess.run(
        command, cwd=place, capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    told = json.loads(report.read_text())
    assert told["complete"]
    assert told["operations"]["tested"] == told["operations"]["selected"]
    return {
        name: sum(phase["accepted"] for phase in phases.values())
        for name, phases in told["valid_rates"].items()
    } | {"": told["test_cases"]["generated"]}


@pytest.mark.slow
def test_no_request_is_a_fault_of_the_server(
    server: Serving, client: httpx.Client, examples: Path, tmp_path: Path
) -> None:
    case = case_of(client)
    known = {
        "path.scan_id": hand_in(client, examples / FILM),
        "path.case_id": quote(case, safe=""),
        "path.instance": "1",
    }
    accepted = asked(server.address, tmp_path, known)
    assert accepted[""] > 500
    for name in ("cases", "cases/{case_id}", "facets", "instances/{instance}", "scans/{scan_id}"):
        assert accepted[f"GET /api/v1/{name}"] > 0, name
    assert client.get("/health/ready").status_code == 200


@pytest.mark.slow
def test_no_request_of_a_curator_is_a_fault_of_the_server(
    curated: Archived, tmp_path: Path
) -> None:
    scopes = ("--scope", "ask", "--scope", "curate")
    said = f"Authorization: Bearer {token(curated.folder, 'carl', *scopes)}"
    with client_of(curated.server) as one:
        one.headers["Authorization"] = said.partition(": ")[2]
        known = {"path.case_id": quote(case_of(one), safe="")}
        some = ("--include-path-regex", "cases|changes|scans", "--tls-verify", "false")
        accepted = asked(curated.server.address, tmp_path, known, *some, "--header", said)
        assert accepted[""] > 100
        assert accepted["PATCH /api/v1/cases/{case_id}"] > 0
        assert one.get("/api/v1/cases").json()["total"] >= 11
