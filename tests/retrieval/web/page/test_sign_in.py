"""Signing in at a real server over TLS, by a real browser."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.retrieval.web.conftest import Office
from tests.retrieval.web.page.looking import Looking
from tests.retrieval.web.people import PASSWORDS


def test_a_reader_signs_in_asks_and_signs_out(
    chromium: Browser, office: Office, examples: Path
) -> None:
    address = office.server.address
    with Looking.at(chromium, address, ignore_https_errors=True) as one:
        one.expected.update({401})
        page = one.page
        page.get_by_label("Name").fill("carl")
        page.get_by_label("Password").fill("a wrong password")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
        page.get_by_label("Password").fill(PASSWORDS["carl"])
        page.get_by_role("button", name="Sign in").click()
        expect(page.locator(".who")).to_contain_text("carl")
        (cookie,) = page.context.cookies()
        assert cookie["name"] == "__Host-session"
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
        assert page.evaluate("document.cookie") == ""
        one.hand_in(examples / "queries" / "Montgomery_0372.jpg")
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Password")).to_be_visible()
        assert page.context.cookies() == []
