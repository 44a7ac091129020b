"""Parts of access with a clock of their own: sessions, guesses, rates, roles, passwords, tokens."""

import statistics
import time
from datetime import date
from pathlib import Path

import pytest

from models.errors import UsageError
from retrieval.web.access import passwords, tokens
from retrieval.web.access.limits import AccessLimits
from retrieval.web.access.rates import Rates
from retrieval.web.access.roles import Person, needed
from retrieval.web.access.sessions import Sessions, cookie_header
from retrieval.web.access.throttle import Throttle
from retrieval.web.access.users import User, Users

ANNA = Person("anna", "reader", ("ask",), "session")


class Clock:
    """Shows what it is set to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_when_nobody_uses_it() -> None:
    clock = Clock()
    sessions = Sessions(100, 1000, clock)
    cookie = sessions.begin(ANNA, "")
    clock.now = 100
    assert sessions.get(cookie) is not None
    clock.now = 200.1
    assert sessions.get(cookie) is None


def test_a_session_ends_however_much_it_is_used() -> None:
    clock = Clock()
    sessions = Sessions(100, 1000, clock)
    cookie = sessions.begin(ANNA, "")
    while clock.now < 1000:
        assert sessions.get(cookie) is not None
        clock.now += 50
    assert sessions.get(cookie) is not None
    clock.now = 1000.1
    assert sessions.get(cookie) is None


def test_the_cookie_is_not_kept() -> None:
    sessions = Sessions(100, 1000)
    cookie = sessions.begin(ANNA, "")
    assert cookie not in repr(vars(sessions))


def test_a_cookie_is_what_its_prefix_asks_for() -> None:
    assert cookie_header("__Host-session", "x") == (
        "__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Strict"
    )


def test_the_sixth_guess_waits_and_the_right_name_elsewhere_does_not() -> None:
    clock = Clock()
    throttle = Throttle(AccessLimits(), clock)
    for _ in range(5):
        assert throttle.wait_s("anna", "10.0.0.1") == 0
        throttle.wrong("anna", "10.0.0.1")
    assert throttle.wait_s("anna", "10.0.0.1") == 900
    assert throttle.wait_s("ANNA", "10.0.0.1") == 900
    assert throttle.wait_s("anna", "10.0.0.2") == 0
    assert throttle.wait_s("carl", "10.0.0.1") == 0
    clock.now = 900
    assert throttle.wait_s("anna", "10.0.0.1") == 0


def test_an_address_that_tries_many_names_waits() -> None:
    throttle = Throttle(AccessLimits(), Clock())
    for number in range(20):
        assert throttle.wait_s(f"name-{number}", "10.0.0.1") == 0
        throttle.wrong(f"name-{number}", "10.0.0.1")
    assert throttle.wait_s("name-21", "10.0.0.1") == 900


def test_a_name_that_many_addresses_try_waits() -> None:
    throttle = Throttle(AccessLimits(), Clock())
    for number in range(50):
        assert throttle.wait_s("anna", f"10.0.0.{number}") == 0
        throttle.wrong("anna", f"10.0.0.{number}")
    assert throttle.wait_s("anna", "10.0.1.1") == 900


def test_a_bucket_is_empty_after_its_most_and_fills_by_the_minute() -> None:
    clock = Clock()
    rates = Rates(AccessLimits(work_a_minute=60), clock)
    assert [rates.wait_s("anna", work=True) for _ in range(61)] == [0.0] * 60 + [1.0]
    assert rates.wait_s("carl", work=True) == 0
    assert rates.wait_s("anna", work=False) == 0
    clock.now = 1
    assert rates.wait_s("anna", work=True) == 0
    assert rates.wait_s("anna", work=True) == 1


def test_so_much_at_once_and_no_more() -> None:
    rates = Rates(AccessLimits(work_at_once=2))
    assert [rates.enter("anna") for _ in range(3)] == [True, True, False]
    assert rates.enter("carl")
    rates.leave("anna")
    assert rates.enter("anna")


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/", None),
        ("GET", "/static/js/main.js", None),
        ("GET", "/health/live", None),
        ("GET", "/api/v1/session", None),
        ("GET", "/api/v1/session/oidc/back", None),
        ("GET", "/api/v1/sessions", "ask"),
        ("GET", "/metrics", "admin"),
        ("GET", "/openapi.json", "ask"),
        ("GET", "/api/v1/cases", "ask"),
        ("GET", "/api/v1/cases/x", "ask"),
        ("POST", "/api/v1/queries", "ask"),
        ("POST", "/api/v1/cases", "curate"),
        ("PATCH", "/api/v1/cases/x/y", "curate"),
        ("DELETE", "/api/v1/cases/x", "curate"),
        ("GET", "/anything", "ask"),
        ("GET", "//", "ask"),
    ],
)
def test_what_a_request_needs(method: str, path: str, need: str | None) -> None:
    assert needed(method, path) == need


@pytest.mark.parametrize("password", ["eleven char", "x" * 1001])
def test_a_password_has_a_length(password: str) -> None:
    with pytest.raises(UsageError, match="12 to 1,000"):
        passwords.hashed(password)


def test_a_password_is_kept_as_argon2id() -> None:
    kept = passwords.hashed("twelve chars")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.fits(kept, "twelve chars")
    assert not passwords.fits(kept, "twelve charS")
    assert not passwords.fits(kept, "x" * 2000)
    assert not passwords.fits("no hash", "twelve chars")


def test_a_name_that_does_not_exist_takes_as_long_as_a_wrong_password() -> None:
    kept = passwords.hashed("twelve chars")
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(7):
        for known in (True, False):
            began = time.process_time()
            assert not passwords.fits(kept if known else None, "another one")
            took[known].append(time.process_time() - began)
    ratio = statistics.median(took[False]) / statistics.median(took[True])
    assert 0.5 < ratio < 2


def test_a_token_holds_to_its_last_day(tmp_path: Path) -> None:
    text, kept = tokens.made(("ask", "curate"), date(2026, 5, 31))
    users = Users(tmp_path)
    users.add(User("robot", "reader", "", (kept,)))
    person = users.of_token(text, date(2026, 5, 31))
    assert person is not None
    assert person.may == ("ask",)  # never more than its owner
    assert users.of_token(text, date(2026, 6, 1)) is None
    assert users.of_token(text[:-1] + ("A" if text[-1] != "A" else "B"), date(2026, 1, 1)) is None
    assert text.split("_", 2)[2] not in users.path.read_text()
