"""Why, as JSON, as lines and on the page, from an invented explanation."""

import json
import re

import numpy as np
import pytest

from retrieval.answer import Answer
from retrieval.report import as_json, html, table
from retrieval.report.reasons import LEGEND, as_lines, as_object, as_view, checks
from retrieval.why import NO_PREVIEW, Why
from retrieval.why_places import SPLIT, Check, Places
from retrieval.why_words import Word, Words
from tests.retrieval.report.answers import ANSWER, EMPTY, FIRST, JPEG, SECOND

PICTURE = np.zeros((224, 224, 3), np.uint8)
GIVEN = np.array([[0.25, 0.0], [0.125, 0.125]], np.float32)
HALF = np.asarray(GIVEN / 2, np.float32)
COUNTS = Places(GIVEN, HALF, SPLIT, Check(0.5, 0.25, 0.375), PICTURE)
FAILS = Places(GIVEN, HALF, SPLIT, Check(0.5, 0.45, 0.375), PICTURE)
WORDS = Words((Word("cavity", 0.1), Word("upper <lobe>\u202e", 0.05)), -0.025)
WHY = {
    "case-0001": Why(WORDS, COUNTS, FAILS, None, JPEG, 0.98765432),
    "case-0002": Why(Words(), COUNTS, None, 39, JPEG, None, (NO_PREVIEW,)),
}
PREVIEWS = {11: JPEG, 22: JPEG}


def test_json() -> None:
    told = as_object(WHY["case-0001"])
    assert told["words"] == [
        {"term": "cavity", "gave": 0.1},
        {"term": "upper <lobe>\u202e", "gave": 0.05},
    ]
    assert told["other_words"] == -0.025
    assert told["query_map"] == {
        "rows": 2,
        "columns": 2,
        "way": "split",
        "gave": [[0.25, 0.0], [0.125, 0.125]],
        "apart": [[0.125, 0.0], [0.0625, 0.0625]],
        "check": {"taken": 0.25, "whole": 0.5, "without_marked": 0.25, "without_random": 0.375},
    }
    assert (told["query_slice"], told["preview_alike"], told["notes"]) == (None, 0.987654, [])
    second = as_object(WHY["case-0002"])
    assert (second["hit_map"], second["preview_alike"]) == (None, None)
    assert (second["query_slice"], second["notes"]) == (39, [NO_PREVIEW])


def test_hits_tell_why_where_it_was_asked_and_null_where_nobody_looked() -> None:
    hits = json.loads(as_json.render(ANSWER, WHY))["hits"]
    assert hits[0]["why"]["words"][0]["term"] == "cavity"
    assert hits[2]["why"] is None
    assert json.loads(as_json.render(ANSWER, WHY))["against"]["why"]["query_slice"] == 39
    assert "why" not in json.loads(as_json.render(ANSWER))["hits"][0]
    assert json.loads(as_json.render(EMPTY, {}))["hits"] == []


def test_a_number_that_is_none_is_null() -> None:
    none = np.full((1, 1), np.nan, np.float32)
    odd = Places(none, none, SPLIT, Check(np.nan, 0, 0), PICTURE)
    told = as_object(Why(Words(), odd))["query_map"]
    assert (told["gave"], told["check"]["whole"]) == ([[None]], None)


def test_lines() -> None:
    assert list(as_lines([FIRST, SECOND], WHY)) == [
        "1  words: cavity 0.10, upper <lobe>⟨U+202E⟩ 0.05; query: embedding 0.500, without the "
        "marked quarter 0.250, without random quarters 0.375; hit: embedding 0.500, without the "
        "marked quarter 0.450, without random quarters 0.375 (the marked places count no more than "
        "others here)",
        "2  query: embedding 0.500, without the marked quarter 0.250, without random quarters "
        "0.375",
        f"   ! {NO_PREVIEW}",
    ]
    assert list(as_lines([FIRST], {"case-0001": Why(Words())})) == [
        "1  no word and no place can be named"
    ]
    assert [side for side, _ in checks(WHY["case-0001"])] == ["query", "hit"]


def test_the_table_has_them_behind_the_hits() -> None:
    text = table.render(ANSWER, why=WHY)
    assert text.index("#  label") < text.index("Why (") < text.index("Suggests")
    assert "Why (" not in table.render(ANSWER)


def page(answer: Answer, why: dict[str, Why] | None) -> str:
    return html.render(answer, PREVIEWS, why=why)


def test_the_page_shows_films_under_their_tints() -> None:
    told = page(ANSWER, WHY)
    assert len(re.findall(r'<section class="why"', told)) == 2
    assert told.count("data:image/png;base64,") == 6
    assert "<figcaption>Query, slice 40</figcaption>" in told
    assert LEGEND in told
    assert "<mark>upper &lt;lobe&gt;⟨U+202E⟩</mark> 0.05" in told
    assert "linear-gradient(90deg, rgb(13 8 135 / 0.00), " in told


@pytest.mark.parametrize("why", [None, {}])
def test_the_page_says_nothing_where_nobody_asked(why: dict[str, Why] | None) -> None:
    told = page(ANSWER, why)
    assert 'class="why"' not in told
    assert 'class="quiet why-legend"' not in told
    assert "image/png" not in told


def test_words_alone_have_no_films_and_no_legend() -> None:
    told = page(ANSWER, {"case-0001": Why(WORDS)})
    assert 'class="why"' in told
    assert LEGEND not in told


def test_a_hit_without_a_preview_has_no_film() -> None:
    titles = [film["title"] for film in as_view(WHY["case-0001"], b"")["films"]]
    assert titles == ["Query", "Query, set apart"]
