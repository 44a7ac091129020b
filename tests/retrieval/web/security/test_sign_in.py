"""Who signs in, and what a session is (docs/security.md)."""

from pathlib import Path

from tests.retrieval.web.conftest import Office
from tests.retrieval.web.people import (
    PASSWORDS,
    cbir,
    client,
    problem,
    sign_in,
    signed_in,
)
from tests.retrieval.web.security.asked import ASK, COOKIE, another, case_of

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
    expected = {
        "anna": ("not_allowed", 403),
        "carl": ("no_archive", 403),  # his role may; this server was not given its archive
        "ada": ("no_archive", 200),
    }
    for name, (changing, looking) in expected.items():
        with signed_in(office.server, name) as one:
            changed = one.patch("/api/v1/cases/nothing", json={"label": "normal"})
            assert problem(changed) == (403, changing), name
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
