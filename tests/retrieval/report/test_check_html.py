"""The page of a check: all its parts, nothing foreign runs in it, nothing outside is asked for."""

import re
from datetime import datetime

from retrieval.report.check_html import render
from tests.retrieval.report.answers import JPEG
from tests.retrieval.report.checked import NOTHING, REPORT
from tests.retrieval.report.test_html import Page

MADE = datetime(2026, 11, 22, 23, 5)
PREVIEWS = {11: JPEG, 22: JPEG + b"2"}


def page() -> str:
    return render(REPORT, PREVIEWS, MADE)


def test_pairs_stand_side_by_side_with_what_is_said_of_them() -> None:
    html = page()
    Page(html)  # every tag is closed
    near = html.partition('id="near_duplicate"')[2].partition("</section>")[0]
    assert len(re.findall(r"<img ", near)) == 2
    assert "nearly the same (likeness 0.93)" in near
    assert "patient P-1" in near and "patient P-2" in near
    assert "<b>pneumonia</b>" in near


def test_a_film_that_was_not_taken_has_an_empty_frame() -> None:
    same = page().partition('id="same_bytes"')[2].partition("</section>")[0]
    assert len(re.findall(r"<img ", same)) == 1
    assert "not in the index" in same


def test_what_has_no_picture_is_a_line() -> None:
    rejected = page().partition('id="rejected"')[2].partition("</section>")[0]
    assert "<li>c.png: truncated: the file ends before its pixels do</li>" in rejected
    assert "<article>" not in rejected


def test_counts_lead_to_their_findings() -> None:
    tags = Page(page()).tags
    links = {attrs["href"] for tag, attrs in tags if tag == "a"}
    ids = {attrs["id"] for tag, attrs in tags if tag == "section"}
    assert {f"#{name}" for name in ids} == links
    assert ids == {"rejected", "too_dark", "near_duplicate", "same_bytes", "doubtful_label"}


def test_long_lists_are_cut_and_said_to_be() -> None:
    doubtful = page().partition('id="doubtful_label"')[2].partition("</section>")[0]
    assert doubtful.count("<article>") == 40
    assert "And 5 more;" in doubtful


def test_texts_from_outside_are_texts() -> None:
    html = page()
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "\u202e" not in html
    assert "⟨U+202E⟩" in html


def test_nothing_is_loaded_from_anywhere() -> None:
    html = page()
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert f'content="{policy}"' in html
    assert not re.findall(r"(?:https?:)?//[a-z]", html)
    sources = [attrs["src"] for tag, attrs in Page(html).tags if tag == "img"]
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)


def test_the_page_says_what_it_is() -> None:
    html = page()
    assert html.count("Decision support for research, not for primary diagnosis.") == 2
    assert "2026-11-22 23:05" in html
    assert "<b>Not checked:</b> how the films of MR HEAD lie" in html


def test_nothing_was_found() -> None:
    html = render(NOTHING, {}, MADE)
    Page(html)
    assert "Nothing was found" in html
    assert "<img" not in html
