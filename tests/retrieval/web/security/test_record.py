"""The audit log of a server (docs/security.md)."""

import json
import stat
from pathlib import Path
from typing import Any

from retrieval.web.audit.verify import verify
from tests.retrieval.web.conftest import Office
from tests.retrieval.web.people import (
    PASSWORDS,
    client,
    problem,
    sign_in,
    signed_in,
)
from tests.retrieval.web.security.asked import ASK, FILM, another, hand_in
from tests.retrieval.web.serving import served


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_it_is_on_record_who_asked_what_and_saw_which_case(office: Office, examples: Path) -> None:
    before = len(records(office.audit))
    with signed_in(office.server, "anna") as one:
        scan = hand_in(one, examples / FILM)
        asked = {"scan_id": scan, "text": "Mustermann effusion", "k": 3}
        answer = one.post(ASK, json=asked).json()
        hits = [hit["case_id"] for hit in answer["hits"]]
        assert one.get(f"/api/v1/cases/{hits[0]}").status_code == 200
        assert one.post("/api/v1/maps", json=asked | {"hit": hits[1]}).status_code == 200
        assert one.post("/api/v1/reports", json=asked | {"format": "pdf"}).status_code == 200
        assert problem(one.delete(f"/api/v1/cases/{hits[0]}"))[0] == 403
        one.delete("/api/v1/session")
    told = records(office.audit)[before:]
    assert [one["EventID"][2] for one in told] == [
        "User Authentication",
        "DICOM Instances Transferred",
        "Query",
        "DICOM Instances Accessed",
        "DICOM Instances Accessed",
        "Export",
        "Security Alert",
        "User Authentication",
    ]
    assert {one["ActiveParticipant"]["UserID"] for one in told} == {"anna"}
    assert {one["ActiveParticipant"]["NetworkAccessPointID"] for one in told} == {"127.0.0.1"}
    query = told[2]
    assert set(hits) <= set(query["ParticipantObjectID"])
    assert query["ParticipantObjectDetail"]["query_id"] == answer["query_id"]
    assert hits[0] in told[3]["ParticipantObjectID"]
    assert told[4]["ParticipantObjectID"] == [hits[1]]
    assert set(hits) <= set(told[5]["ParticipantObjectID"])
    assert told[6]["EventOutcomeIndicator"] == 4


def test_the_log_holds_nothing_of_a_patient_but_case_ids(office: Office, examples: Path) -> None:
    with signed_in(office.server, "anna") as one:
        scan = hand_in(one, examples / FILM)
        body = {"scan_id": scan, "text": "Mustermann", "where": "label = 'tuberculosis'"}
        assert one.post(ASK, json=body).status_code == 200
        one.get("/api/v1/cases", params={"where": "label = 'pneumonia'"})
        sign_in(one, "a password typed as name", "x" * 20)
    log = office.audit.read_text()
    for text in (
        "Mustermann",
        "tuberculosis'",
        "pneumonia'",
        scan,
        Path(FILM).name,
        "a password typed as name",
        PASSWORDS["anna"],
    ):
        assert text not in log, text


def test_wrong_passwords_are_on_record(office: Office) -> None:
    with client(office.server) as one:
        sign_in(one, "ada", "a wrong password")
    told = records(office.audit)[-1]
    assert told["EventTypeCode"] == ["110122", "DCM", "Login"]
    assert (told["EventOutcomeIndicator"], told["ActiveParticipant"]["UserID"]) == (4, "ada")


def test_the_log_is_its_owners_alone_and_in_order(office: Office) -> None:
    assert stat.S_IMODE(office.audit.stat().st_mode) == 0o600
    found = verify(office.audit)
    assert found.faults == ()
    assert found.last.seq == len(records(office.audit))


def test_kill_9_leaves_a_log_in_order(index: Path, tmp_path: Path) -> None:
    log = tmp_path / "users" / "audit.jsonl"
    with another(index, tmp_path) as server, signed_in(server, "anna") as one:
        for _ in range(3):
            assert one.get("/api/v1/cases?limit=1").status_code == 200
        server.process.kill()
        server.process.wait(20)
    found = verify(log)
    assert found.faults == ()
    assert [one["EventID"][2] for one in records(log)[-3:]] == ["Query"] * 3


def test_nothing_is_answered_that_cannot_be_recorded(index: Path, tmp_path: Path) -> None:
    """The log's place is a device that is always full."""
    from retrieval.web.audit.trail import head_of

    log = tmp_path / "audit.jsonl"
    with served(index, "--audit", str(log)) as server, client(server) as one:
        assert one.get("/api/v1/cases?limit=1").status_code == 200
        size = log.stat().st_size
        _limit_files(server.process.pid, size + 10)
        refused = one.get("/api/v1/cases?limit=1")
        assert problem(refused) == (507, "cannot_write")
        assert "case_id" not in refused.text
        assert log.stat().st_size == size
        assert head_of(log).exists()


def _limit_files(process: int, most: int) -> None:
    """A process cannot make files longer than that, as on a full disk."""
    import resource

    _, hard = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (most, hard))
