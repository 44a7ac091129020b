"""Requests from elsewhere, tokens, and what every response says (docs/security.md)."""

import ssl
from pathlib import Path

import httpx
import pytest

from tests.retrieval.web.conftest import Office
from tests.retrieval.web.people import (
    PASSWORDS,
    cbir,
    client,
    problem,
    sign_in,
    signed_in,
    token,
)
from tests.retrieval.web.security.asked import ASK, FILM, case_of, hand_in
from tests.retrieval.web.serving import Serving

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
