"""The page of a case, the page of the archive, what a curator does, and signing in."""

import json
from collections.abc import Mapping
from pathlib import Path

from playwright.sync_api import Browser, Route, expect

from tests.retrieval.web.page.looking import Looking

FILM = "queries/Shenzhen_0357.dcm"


def test_the_page_of_a_case(looking: Looking, examples: Path) -> None:
    looking.page.get_by_label("Search by words alone").fill("effusion")
    with looking.query():
        looking.page.keyboard.press("Enter")
    report = looking.hits().first.locator(".findings p").inner_text()
    looking.hits().first.locator(".case-link").click()
    page = looking.page.locator(".case-page")
    expect(page.locator("h1")).to_have_text("pneumonia")
    expect(page.locator(".findings-full")).to_have_text(report)
    expect(page).to_contain_text("years · CR CHEST")
    expect(page.locator('[data-pane="hit"] .corner-low')).to_contain_text("W 255 · L 128")
    expect(looking.page).to_have_title("Case · cbir")
    with looking.query() as body:
        page.get_by_role("link", name="Search with this case").click()
    assert body["case_id"]
    expect(looking.pane("query").locator(".corner-low")).to_contain_text("W 255")


def test_other_studies_of_the_patient_are_on_the_case_page(looking: Looking) -> None:
    looking.page.get_by_role("link", name="Archive").click()
    looking.page.get_by_label("Filter the cases").fill("patient_id = 'NIH-00005712'")
    looking.page.get_by_role("button", name="Apply").click()
    rows = looking.page.locator(".cases tbody tr")
    expect(rows).to_have_count(2)
    rows.first.get_by_role("link").click()
    others = looking.page.locator(".plain-list a")
    expect(others).to_have_count(1)
    before = looking.hash()
    others.click()
    expect(looking.page.locator(".plain-list a")).to_have_count(1)
    assert looking.hash() != before


def test_a_link_to_a_case_of_another_generation_opens_nothing_else(looking: Looking) -> None:
    looking.expected.add(409)
    expect(looking.page.locator(".drop")).to_be_visible()
    looking.page.evaluate("() => { location.hash = '#/case/99.3'; }")
    expect(looking.page.locator(".note")).to_contain_text("The index has changed")


def test_the_page_of_the_archive(looking: Looking) -> None:
    looking.page.get_by_role("link", name="Archive").click()
    cards = looking.page.locator(".cards")
    for row in ("normal\t30", "pneumonia\t30", "tuberculosis\t30", "CR\t90", "CHEST\t90"):
        expect(cards).to_contain_text(row.replace("\t", ""))
    built = cards.locator(".card", has_text="Built with")
    expect(built).to_contain_text("efficientnet-lite0")
    expect(built).to_contain_text("learned on this archive")
    expect(looking.page.locator(".cases caption")).to_have_text("1 to 50 of 90")
    looking.page.get_by_role("button", name="Next").click()
    expect(looking.page.locator(".cases caption")).to_have_text("51 to 90 of 90")
    expect(looking.page.get_by_role("button", name="Next")).to_be_disabled()


def test_a_filter_that_is_wrong_says_where(looking: Looking) -> None:
    looking.expected.update({400, 422})
    looking.page.get_by_role("link", name="Archive").click()
    looking.page.get_by_label("Filter the cases").fill("modalty = 'CR'")
    looking.page.keyboard.press("Enter")
    expect(looking.page.locator(".problem")).to_contain_text("did you mean modality?")


def test_a_report_is_saved(looking: Looking, examples: Path) -> None:
    looking.hand_in(examples / FILM)
    for name, begins in (("HTML", b"<!"), ("PDF", b"%PDF")):
        with looking.page.expect_download() as saved:
            looking.page.get_by_role("button", name=name, exact=True).click()
        assert saved.value.suggested_filename == f"cbir-answer.{name.lower()}"
        assert Path(saved.value.path()).read_bytes().lstrip().startswith(begins)


def _session(route: Route, told: Mapping[str, object]) -> None:
    route.fulfill(status=200, content_type="application/json", body=json.dumps(told))


def test_a_reader_is_offered_nothing_that_he_may_not_do(
    chromium: Browser, films: str, examples: Path
) -> None:
    with Looking.at(chromium, films) as looking:
        reader = {"user": {"name": "Li", "role": "reader"}, "sign_in": "password", "may": ["ask"]}
        looking.page.route("**/api/v1/session", lambda route: _session(route, reader))
        looking.page.reload()
        looking.hand_in(examples / FILM)
        expect(looking.page.locator(".who")).to_contain_text("Li")
        expect(looking.page.get_by_role("button", name="Add to the archive")).to_have_count(0)
        looking.hits().first.locator(".case-link").click()
        expect(looking.page.locator(".case-page h1")).to_be_visible()
        expect(looking.page.get_by_role("button", name="Remove")).to_have_count(0)


def test_who_is_not_signed_in_sees_a_form_and_nothing_else(chromium: Browser, films: str) -> None:
    with Looking.at(chromium, films) as looking:
        nobody: Mapping[str, object] = {"user": None, "sign_in": "password", "may": []}
        looking.page.route("**/api/v1/session", lambda route: _session(route, nobody))
        expect(looking.page.locator(".drop")).to_be_visible()
        asked: list[str] = []
        looking.page.on("request", lambda request: asked.append(request.url))
        looking.page.reload()
        expect(looking.page.get_by_label("Name")).to_be_focused()
        expect(looking.page.get_by_label("Password")).to_have_attribute("type", "password")
        expect(looking.page.locator("nav")).to_have_count(0)
        api = [one for one in asked if "/api/v1/" in one]
        assert all(one.endswith("/api/v1/session") for one in api)
