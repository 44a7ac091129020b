"""A curator at the page of a real server: adds a film, labels a case anew, removes one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.retrieval.web.curating.conftest import Archived, curated, staff
from tests.retrieval.web.page.looking import READY_MS, Looking
from tests.retrieval.web.people import PASSWORDS

__all__ = ["curated", "staff"]


@pytest.fixture
def curator(chromium: Browser, curated: Archived) -> Iterator[Looking]:
    """The page, with the curator signed in."""
    with Looking.at(chromium, curated.server.address, ignore_https_errors=True) as one:
        one.expected.add(401)
        one.page.get_by_label("Name").fill("carl")
        one.page.get_by_label("Password").fill(PASSWORDS["carl"])
        one.page.get_by_role("button", name="Sign in").click()
        expect(one.page.locator(".who")).to_contain_text("carl")
        yield one


def test_a_curator_adds_labels_and_removes(curator: Looking, examples: Path) -> None:
    page = curator.page
    curator.hand_in(examples / "queries" / "Montgomery_0372.jpg")
    page.get_by_role("button", name="Add to the archive").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Diagnosis", exact=True).fill("tuberculosis")
    dialog.get_by_label("Pseudonym").fill("Erika Mustermann")
    dialog.get_by_role("button", name="Add", exact=True).click()
    assert not dialog.get_by_label("Pseudonym").evaluate("field => field.checkValidity()")
    dialog.get_by_label("Pseudonym").fill("P-7")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("Added", timeout=READY_MS)
    page.get_by_role("dialog").get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("tuberculosis")
    expect(page.locator(".facts")).to_contain_text("P-7")

    page.get_by_role("button", name="Change the label").click()
    page.get_by_role("dialog").get_by_label("Diagnosis", exact=True).fill("normal")
    page.get_by_role("dialog").get_by_role("button", name="Change the label").click()
    expect(page.locator("h1")).to_have_text("normal", timeout=READY_MS)
    expect(page.get_by_role("dialog")).to_have_count(0)

    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("table.cases caption")).to_contain_text("12", timeout=READY_MS)
    expect(page.locator("main")).not_to_contain_text("P-7")


def test_what_was_found_before_the_index_changed_is_not_mistaken(
    curator: Looking, curated: Archived, examples: Path
) -> None:
    """A film of the new generation is never shown under a hit of the old one."""
    from indexer.remove import Chosen, remove

    page = curator.page
    curator.hand_in(examples / "queries" / "Montgomery_0372.jpg")
    curator.seen()
    first = page.evaluate("async () => (await (await fetch('/api/v1/cases?limit=1')).json())")
    remove(curated.index, Chosen(cases=(first["cases"][0]["case_id"],)))
    curator.expected.add(409)
    curator.hits().nth(3).locator(".tile-open").click()
    expect(curator.pane("hit")).to_contain_text("The picture cannot be shown")
    expect(curator.pane("hit")).to_contain_text("the index has changed")
