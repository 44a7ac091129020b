"""Signing in by a real OpenID provider, a small one that can be told to lie."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from models.errors import UsageError
from retrieval.web.access.oidc import Provider
from tests.retrieval.web.access.provider import SECRET
from tests.retrieval.web.people import certificate, client, problem
from tests.retrieval.web.serving import Serving, served

BEGUN, SESSION = "__Host-sign-in", "__Host-session"


@dataclass(frozen=True, slots=True)
class Both:
    """A server and the provider where its people sign in. `audit`: the server's log."""

    server: Serving
    issuer: str
    audit: Path

    def will_say(self, **told: str) -> None:
        """What the provider's next token holds."""
        httpx.get(f"{self.issuer}/next", params=told).raise_for_status()


@contextmanager
def provider() -> Iterator[str]:
    """The address of a provider."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = ["-m", "tests.retrieval.web.access.provider", str(port)]
    process = subprocess.Popen([sys.executable, *program])
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def settings(folder: Path, issuer: str, more: str = "") -> Path:
    """A folder that names a provider."""
    folder.mkdir(mode=0o700, exist_ok=True)
    secret = folder / "oidc.secret"
    secret.write_text(f"{SECRET}\n")
    secret.chmod(0o600)
    (folder / "oidc.toml").write_text(
        f'issuer = "{issuer}"\nclient_id = "cbir"\nclient_secret_file = "oidc.secret"\n{more}'
        '[roles]\nradiology = "reader"\narchive = "curator"\n'
    )
    return folder


@pytest.fixture(scope="module")
def both(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    place = tmp_path_factory.mktemp("oidc")
    with provider() as issuer:
        folder = settings(place / "users", issuer)
        secured = ("--auth", str(folder), *certificate(place).arguments)
        with served(index, *secured, folder=place) as server:
            yield Both(server, issuer, folder / "audit.jsonl")


def go(one: httpx.Client) -> httpx.Response:
    """As a browser goes: to the provider and back, with the cookie that it was given."""
    sent = one.get("/api/v1/session/oidc")
    assert sent.status_code == 302, sent.text
    returned = httpx.get(sent.headers["location"])
    assert returned.status_code == 302, returned.text
    return one.get(returned.headers["location"])


def test_who_signs_in_there_is_in_here(both: Both) -> None:
    both.will_say(name="olga", groups="staff,radiology")
    with client(both.server) as one:
        assert one.get("/api/v1/session").json()["sign_in"] == "oidc"
        back = go(one)
        assert (back.status_code, back.headers["location"]) == (303, "/")
        assert one.get("/api/v1/session").json() == {
            "user": {"name": "olga", "role": "reader"},
            "sign_in": "oidc",
            "may": ["ask"],
        }
        assert one.get("/api/v1/cases").status_code == 200
    told = [json.loads(line) for line in both.audit.read_text().splitlines()]
    (login,) = [one for one in told if one["EventTypeCode"] == ["110122", "DCM", "Login"]][-1:]
    assert login["ActiveParticipant"] == {
        "UserID": "olga",
        "RoleIDCode": "reader",
        "AuthenticatedBy": "oidc",
        "NetworkAccessPointID": "127.0.0.1",
    }


def test_the_higher_of_two_roles_counts(both: Both) -> None:
    both.will_say(name="petra", groups="archive,radiology")
    with client(both.server) as one:
        go(one)
        assert one.get("/api/v1/session").json()["user"] == {"name": "petra", "role": "curator"}


def test_who_has_no_role_here_stays_outside(both: Both) -> None:
    both.will_say(name="otto", groups="kitchen")
    with client(both.server) as one:
        assert problem(go(one)) == (403, "no_role")
        assert SESSION not in one.cookies
        assert one.get("/api/v1/session").json()["user"] is None


def test_it_asks_with_pkce_state_and_nonce(both: Both) -> None:
    with client(both.server) as one:
        sent = one.get("/api/v1/session/oidc")
    asked = parse_qs(urlsplit(sent.headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    for name in ("code_challenge", "state", "nonce"):
        assert len(asked[name][0]) == 43
    assert asked["redirect_uri"] == [f"{both.server.address}/api/v1/session/oidc/back"]
    (cookie,) = sent.headers.get_list("set-cookie")
    assert cookie.startswith(f"{BEGUN}=")
    assert cookie.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600")


@pytest.mark.parametrize(
    "lie",
    ["state", "nonce", "audience", "issuer", "time", "key", "symmetric", "unsigned"],
)
def test_what_does_not_hold_lets_nobody_in(both: Both, lie: str) -> None:
    both.will_say(lie=lie)
    with client(both.server) as one:
        assert problem(go(one)) == (401, "sign_in_refused")
        assert one.get("/api/v1/session").json()["user"] is None
        assert problem(one.get("/api/v1/cases")) == (401, "signed_out")


def test_a_provider_of_another_name_is_not_used(both: Both) -> None:
    both.will_say(lie="name")
    with client(both.server) as one:
        assert problem(one.get("/api/v1/session/oidc")) == (502, "provider")


def test_another_browser_cannot_finish_what_one_has_begun(both: Both) -> None:
    """Else somebody could sign a victim in under his own name."""
    both.will_say()
    with client(both.server) as one, client(both.server) as victim:
        sent = one.get("/api/v1/session/oidc")
        back = httpx.get(sent.headers["location"]).headers["location"]
        assert problem(victim.get(back)) == (401, "sign_in_refused")
        victim.get("/api/v1/session/oidc")
        assert problem(victim.get(back)) == (401, "sign_in_refused")
        assert one.get(back).status_code == 303


def test_it_is_finished_once(both: Both) -> None:
    both.will_say()
    with client(both.server) as one:
        sent = one.get("/api/v1/session/oidc")
        cookie = one.cookies[BEGUN]
        back = httpx.get(sent.headers["location"]).headers["location"]
        assert one.get(back).status_code == 303
        one.headers["Cookie"] = f"{BEGUN}={cookie}"
        assert problem(one.get(back)) == (401, "sign_in_refused")


def test_passwords_are_not_asked_for_then(both: Both) -> None:
    with client(both.server) as one:
        sent = one.post("/api/v1/session", json={"name": "anna", "password": "x" * 20})
        assert problem(sent) == (403, "by_provider")


def test_without_a_provider_there_is_no_way_to_it(index: Path, server: Serving) -> None:
    with client(server) as one:
        assert problem(one.get("/api/v1/session/oidc")) == (404, "no_sign_in")


def test_a_provider_that_can_be_read_along_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not reached by https"):
        Provider.of(settings(tmp_path / "users", "http://sign-in.example"))


def test_settings_that_do_not_fit_are_said(tmp_path: Path) -> None:
    folder = settings(tmp_path / "users", "https://sign-in.example", 'colour = "blue"\n')
    with pytest.raises(UsageError, match="it names issuer"):
        Provider.of(folder)
    folder = settings(tmp_path / "users", "https://sign-in.example")
    (folder / "oidc.secret").chmod(0o644)
    with pytest.raises(UsageError, match="can be read or changed by others"):
        Provider.of(folder)
