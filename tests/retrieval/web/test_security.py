"""What docs/security.md promises, each sentence by its name, asked of a server over TLS."""

import json
import socket
import ssl
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from retrieval.web.audit.verify import verify
from tests.retrieval.web.conftest import Office
from tests.retrieval.web.people import (
    PASSWORDS,
    cbir,
    certificate,
    client,
    people,
    problem,
    sign_in,
    signed_in,
    token,
)
from tests.retrieval.web.serving import Serving, served

FILM = "queries/Montgomery_0372.jpg"
COOKIE = "__Host-session"
ASK = "/api/v1/queries"


@contextmanager
def another(index: Path, place: Path, *arguments: str) -> Iterator[Serving]:
    """A server of its own, for what would be in the way of other tests."""
    folder = people(place / "users")
    secured = ("--auth", str(folder), *certificate(place).arguments, *arguments)
    with served(index, *secured, folder=place) as one:
        yield one


def hand_in(one: httpx.Client, film: Path) -> str:
    sent = one.post("/api/v1/scans", files=[("files", (film.name, film.read_bytes()))])
    assert sent.status_code == 201, sent.text
    return str(sent.json()["scan_id"])


def case_of(one: httpx.Client) -> str:
    return str(one.get("/api/v1/cases?limit=1").json()["cases"][0]["case_id"])


# Sign-in


def test_nobody_asks_without_signing_in(office: Office) -> None:
    with client(office.server) as one:
        for method, path in [
            ("GET", "/api/v1/cases"),
            ("GET", "/api/v1/index"),
            ("GET", "/api/v1/facets"),
            ("GET", "/api/v1/instances/0/preview"),
            ("GET", "/api/v1/instances/0/frames/0"),
            ("GET", "/openapi.json"),
            ("GET", "/metrics"),
            ("POST", ASK),
            ("POST", "/api/v1/scans"),
            ("POST", "/api/v1/reports"),
            ("DELETE", "/api/v1/cases/x"),
        ]:
            assert problem(one.request(method, path)) == (401, "signed_out"), path
        assert one.get("/").status_code == 200
        assert one.get("/api/v1/session").json() == {
            "user": None,
            "sign_in": "password",
            "may": [],
        }


def test_who_signs_in_asks(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        assert one.get("/api/v1/session").json() == {
            "user": {"name": "anna", "role": "reader"},
            "sign_in": "password",
            "may": ["ask"],
        }
        assert one.post(ASK, json={"case_id": case_of(one)}).status_code == 200


def test_a_wrong_password_and_a_wrong_name_are_answered_alike(office: Office) -> None:
    with client(office.server) as one:
        wrong = sign_in(one, "carl", "a wrong password")
        nobody = sign_in(one, "nobody", "a wrong password")
    assert problem(wrong) == problem(nobody) == (401, "wrong_password")
    assert wrong.json() == nobody.json()
    assert "set-cookie" not in wrong.headers


def test_guesses_of_passwords_are_slowed_down(index: Path, tmp_path: Path) -> None:
    with another(index, tmp_path) as server, client(server) as one:
        for _ in range(5):
            assert problem(sign_in(one, "anna", "a wrong password"))[0] == 401
        sixth = sign_in(one, "anna", "a wrong password")
        assert problem(sixth) == (429, "guesses")
        assert 800 < int(sixth.headers["retry-after"]) <= 901
        # Not even the right one: it would tell a guess from a hit.
        assert problem(sign_in(one, "anna", PASSWORDS["anna"])) == (429, "guesses")
        assert sign_in(one, "carl", PASSWORDS["carl"]).status_code == 204


def test_roles_bound_what_one_may(office: Office) -> None:
    expected = {"anna": (403, 403), "carl": (404, 403), "ada": (404, 200)}
    for name, (changing, looking) in expected.items():
        with signed_in(office.server, name) as one:
            changed = one.patch("/api/v1/cases/nothing", json={"label": "normal"})
            assert changed.status_code in (changing, 405), name
            assert (changed.status_code == 403) == (name == "anna")
            assert one.get("/metrics").status_code == looking, name


# Sessions


def test_the_cookie_is_host_only_secure_httponly_and_strict(office: Office) -> None:
    with client(office.server) as one:
        sent = sign_in(one, "anna", PASSWORDS["anna"])
    (cookie,) = sent.headers.get_list("set-cookie")
    name, _, rest = cookie.partition("=")
    value, _, attributes = rest.partition("; ")
    assert name == COOKIE
    assert len(value) == 43  # 256 bits
    assert attributes == "Path=/; Secure; HttpOnly; SameSite=Strict"


def test_the_session_changes_at_sign_in(office: Office) -> None:
    planted = "A" * 43
    with client(office.server) as one:
        one.cookies.set(COOKIE, planted)
        sent = sign_in(one, "anna", PASSWORDS["anna"])
        assert sent.cookies[COOKIE] != planted
    with client(office.server) as other:
        other.headers["Cookie"] = f"{COOKIE}={planted}"
        assert problem(other.get("/api/v1/cases")) == (401, "signed_out")


def test_signing_in_again_ends_the_session_before(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        before = one.cookies[COOKIE]
        assert sign_in(one, "anna", PASSWORDS["anna"]).status_code == 204
    with client(office.server) as other:
        other.headers["Cookie"] = f"{COOKIE}={before}"
        assert problem(other.get("/api/v1/cases")) == (401, "signed_out")


def test_signing_out_ends_the_session_at_the_server(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        kept = one.cookies[COOKIE]
        gone = one.delete("/api/v1/session")
        assert gone.status_code == 204
        assert gone.headers["set-cookie"].startswith(f"{COOKIE}=; ")
        assert "Max-Age=0" in gone.headers["set-cookie"]
    with client(office.server) as other:
        other.headers["Cookie"] = f"{COOKIE}={kept}"
        assert problem(other.get("/api/v1/cases")) == (401, "signed_out")


def test_who_is_removed_is_out_at_once(index: Path, tmp_path: Path) -> None:
    with another(index, tmp_path) as server:
        folder = str(tmp_path / "users")
        with signed_in(server, "anna") as anna, signed_in(server, "carl") as carl:
            assert cbir("users", "remove", "anna", "--auth", folder).returncode == 0
            assert problem(anna.get("/api/v1/cases")) == (401, "signed_out")
            assert (
                cbir("users", "role", "carl", "--role", "reader", "--auth", folder).returncode == 0
            )
            assert problem(carl.get("/api/v1/cases")) == (401, "signed_out")


# Origin and Host


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1"])
def test_a_change_from_another_origin_is_refused(office: Office, origin: str) -> None:
    with signed_in(office.server, "anna") as one:
        for method, path in [("POST", ASK), ("DELETE", "/api/v1/session"), ("POST", "/x")]:
            sent = one.request(method, path, headers={"Origin": origin})
            assert problem(sent) == (403, "other_origin")
        assert one.get("/api/v1/session").json()["user"]["name"] == "anna"


def test_a_change_by_a_session_says_its_origin(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        del one.headers["Origin"]
        assert problem(one.post(ASK, json={"text": "x"})) == (403, "no_origin")


def test_another_site_signs_nobody_in(office: Office) -> None:
    with client(office.server, "https://elsewhere.example") as one:
        assert problem(sign_in(one, "anna", PASSWORDS["anna"])) == (403, "other_origin")


@pytest.mark.parametrize("name", ["rebound.example", "127.0.0.1.evil.example", "127.0.0.1:1", ""])
def test_another_name_for_this_server_is_refused(
    office: Office, server: Serving, name: str
) -> None:
    for one in (office.server, server):  # with sign-in, and without on loopback
        with client(one, None) as asking:
            sent = asking.get("/api/v1/session", headers={"Host": name})
            assert problem(sent) == (421, "other_host")


# Tokens


def test_a_token_asks_within_its_scope(office: Office) -> None:
    text = token(office.folder, "carl", "--scope", "ask")
    with client(office.server, None) as one:
        one.headers["Authorization"] = f"Bearer {text}"
        assert one.post(ASK, json={"case_id": case_of(one)}).status_code == 200
        assert problem(one.delete("/api/v1/cases/x")) == (403, "not_allowed")
        assert problem(one.get("/metrics")) == (403, "not_allowed")


def test_a_token_that_was_revoked_or_changed_is_nobody(office: Office) -> None:
    text = token(office.folder, "carl")
    token_id = text.split("_")[1]
    with client(office.server, None) as one:
        for wrong in (text[:-2], text + "x", "cbir_", "x", f"cbir_{'0' * 12}_{'A' * 43}"):
            sent = one.get("/api/v1/cases", headers={"Authorization": f"Bearer {wrong}"})
            assert problem(sent) == (401, "signed_out"), wrong
        one.headers["Authorization"] = f"Bearer {text}"
        assert one.get("/api/v1/cases").status_code == 200
        place = ("--auth", str(office.folder))
        assert cbir("users", "token", "carl", *place, "--revoke", token_id).returncode == 0
        assert problem(one.get("/api/v1/cases")) == (401, "signed_out")


def test_a_token_that_does_not_hold_is_not_helped_by_a_session(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        sent = one.get("/api/v1/cases", headers={"Authorization": "Bearer cbir_x"})
        assert problem(sent) == (401, "signed_out")


# Limits


def test_one_person_asks_only_so_much_at_once(office: Office) -> None:
    """Four are under way (they wait for an engine or work); the fifth is told to come back."""
    import threading

    with signed_in(office.server, "anna") as one, signed_in(office.server, "carl") as other:
        case = case_of(one)
        got: list[int] = []

        def ask() -> None:
            sent = one.post("/api/v1/reports", json={"case_id": case, "format": "pdf", "k": 12})
            got.append(sent.status_code)
            if sent.status_code == 429:
                assert problem(sent) == (429, "at_once")
                assert sent.headers["retry-after"]

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        assert other.post(ASK, json={"case_id": case}).status_code == 200
        for thread in threads:
            thread.join()
    assert set(got) == {200, 429}
    assert got.count(200) >= 4


def test_one_person_asks_only_so_often(index: Path, tmp_path: Path) -> None:
    with another(index, tmp_path) as server, signed_in(server, "anna") as one:
        got = [one.post(ASK, json={}).status_code for _ in range(140)]
        assert set(got) == {400, 429}
        assert 120 <= got.count(400) <= 135
        assert got[0] == 400
        last = one.post(ASK, json={})
        assert problem(last) == (429, "rate")
        with signed_in(server, "carl") as other:
            assert other.post(ASK, json={}).status_code == 400


def test_an_upload_has_a_most_in_bytes(office: Office) -> None:
    """What is said to be too long is refused before it is sent; test_uploads.py has the rest."""
    with signed_in(office.server, "anna") as one:
        cookie = one.cookies[COOKIE]
    host = office.server.address.removeprefix("https://")
    lines = (
        "POST /api/v1/scans HTTP/1.1",
        f"Host: {host}",
        f"Origin: {office.server.address}",
        f"Cookie: {COOKIE}={cookie}",
        f"Content-Length: {1 << 40}",
    )
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    address, _, port = host.partition(":")
    with (
        socket.create_connection((address, int(port)), timeout=20) as plain,
        trusting.wrap_socket(plain) as line,
    ):
        line.sendall("\r\n".join((*lines, "", "")).encode())
        answer = line.makefile("rb").read().decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert '"code":"too_large"' in answer


def test_an_upload_has_a_most_in_files(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        files = [("files", (f"{n}.dcm", b"")) for n in range(4001)]
        assert one.post("/api/v1/scans", files=files).status_code in (400, 413)


def test_an_upload_has_a_most_in_pixels(office: Office) -> None:
    """A PNG of some kilobytes that would be 30,000 x 30,000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(30_001) * 100)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    with signed_in(office.server, "anna") as one:
        sent = one.post("/api/v1/scans", files=[("files", ("a.png", png))])
        assert problem(sent) == (422, "too_large")


def test_what_is_handed_in_is_its_owners_alone(office: Office, examples: Path) -> None:
    with signed_in(office.server, "anna") as anna, signed_in(office.server, "carl") as carl:
        scan = hand_in(anna, examples / FILM)
        assert anna.get(f"/api/v1/scans/{scan}").status_code == 200
        assert problem(carl.get(f"/api/v1/scans/{scan}")) == (404, "no_scan")
        assert problem(carl.get(f"/api/v1/scans/{scan}/frames/0")) == (404, "no_scan")
        assert problem(carl.post(ASK, json={"scan_id": scan})) == (404, "no_scan")
        carl.delete(f"/api/v1/scans/{scan}")
        assert anna.get(f"/api/v1/scans/{scan}").status_code == 200


# What responses say


def test_every_response_says_what_browsers_must_not_do(office: Office) -> None:
    with signed_in(office.server, "anna") as one:
        for path in ("/", "/static/js/main.js", "/api/v1/cases", "/api/v1/nothing", "/metrics"):
            told = one.get(path).headers
            policy = told["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy  # nothing from elsewhere
            assert told["x-content-type-options"] == "nosniff"
            assert told["referrer-policy"] == "no-referrer"
            assert "camera=()" in told["permissions-policy"]
            assert told["cross-origin-opener-policy"] == "same-origin"
            assert told["cross-origin-resource-policy"] == "same-origin"
            assert told["strict-transport-security"] == "max-age=31536000"
            assert "server" not in told
            assert "access-control-allow-origin" not in told


def test_the_page_has_no_code_in_its_text(office: Office) -> None:
    import re

    with client(office.server) as one:
        page = one.get("/").text
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL)
    assert scripts == [""]
    assert not re.search(r"<style|\son\w+=|\sstyle=|javascript:", page)


def test_hsts_is_said_over_tls_alone(server: Serving) -> None:
    with client(server) as one:
        assert "strict-transport-security" not in one.get("/").headers


def test_pictures_and_answers_are_not_stored(office: Office, examples: Path) -> None:
    with signed_in(office.server, "anna") as one:
        scan = hand_in(one, examples / FILM)
        case = case_of(one)
        answers = [
            one.get("/api/v1/instances/0/preview"),
            one.get("/api/v1/instances/0/frames/0"),
            one.get(f"/api/v1/scans/{scan}/frames/0"),
            one.get("/api/v1/cases"),
            one.post(ASK, json={"case_id": case}),
            one.post("/api/v1/reports", json={"case_id": case}),
            one.get("/api/v1/session"),
        ]
    assert [one.status_code for one in answers] == [200] * 7
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}


def test_old_tls_is_refused(office: Office) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    with httpx.Client(base_url=office.server.address, verify=old) as one:
        assert one.get("/health/live").status_code == 200
    plain = office.server.address.replace("https", "http")
    with httpx.Client(base_url=plain) as one, pytest.raises(httpx.HTTPError):
        one.get("/health/live")


# The audit log


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
