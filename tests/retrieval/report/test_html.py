"""The page: all its parts are there, nothing foreign runs in it, nothing outside is asked for."""

import base64
import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser

import pytest

from retrieval.answer import Answer, Diagnosis
from retrieval.report.html import render
from tests.retrieval.report.answers import ANSWER, DIAGNOSIS, EMPTY, FIRST, JPEG, PRIOR, SECOND

VOID = {"meta", "img", "br", "link", "input"}
MADE = datetime(2026, 11, 22, 23, 5)
PREVIEWS = {11: JPEG, 22: JPEG + b"2", 44: JPEG + b"4"}


class Page(HTMLParser):
    """Every tag with its attributes, and every text with the tags and classes around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        if tag not in VOID:
            self._open.append((tag, named.get("class", "")))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and self._open:
            path = " ".join(f"{tag}.{classes}" for tag, classes in self._open)
            self.texts.append((path, " ".join(data.split())))

    def within(self, part: str) -> list[str]:
        """The texts inside an element with this tag or class."""
        return [text for path, text in self.texts if re.search(rf"\b{part}\b", path)]

    def values(self, tag: str, attribute: str) -> list[str]:
        return [named[attribute] for name, named in self.tags if name == tag and attribute in named]


def page(answer: Answer) -> Page:
    return Page(render(answer, PREVIEWS, MADE))


def test_all_parts_are_there() -> None:
    found = page(ANSWER)
    assert found.within("remarks") == [
        "Image:",
        "very_small: 50 x 50 pixels",
        "only 3 of 5 cases: no other case fits the filter",
    ]
    assert found.within("words") == ["“cavity, upper lobe”"]
    assert found.within("label") == ["tuberculosis"]
    assert found.within("probabilities") == [
        *("tuberculosis", "75 %"),
        *("normal", "25 %"),
        *("pneumonia", "<1 %"),
    ]
    assert found.within("set") == [
        "Of 40 scans of this archive with such an answer, 35 were tuberculosis (88 of 100).",
        "Not ruled out: tuberculosis, normal. In about 10 of 100 cases, whatever their diagnosis, "
        "it is ruled out wrongly.",
        "Checked on 1,200 cases of this archive, each left out: the probabilities were off by 3 of "
        "100 on average.",
    ]
    assert found.within("against") == ["Nearest case that speaks against it:", "normal, rank 2"]
    assert "#case-2" in found.values("a", "href")
    assert found.within("grid article.contrary h3") == ["2", "normal", "nearest against"]
    assert found.within("legend") == ["colour", "embedding", "text"]
    disclaimer = "Decision support for research, not for primary diagnosis."
    assert found.within("disclaimer") == [disclaimer, disclaimer]


def test_a_case_with_its_score_facts_and_marked_findings() -> None:
    found = page(replace(ANSWER, hits=(FIRST,), priors=()))
    assert found.within("article") == [
        *("1", "tuberculosis", "1 · tuberculosis", "Close", "0.75"),
        *("colour 0.12", "embedding 0.50", "text 0.12"),
        "47 y · female · CR · CHEST · PA",
        *("Small", "cavity", "in the right", "upper", "lobe", ". No effusion."),
        *("case case-0001", "patient P-1"),
    ]
    assert found.within("mark") == ["cavity", "upper", "lobe"]
    widths = [named["style"] for tag, named in found.tags if tag == "i" and "style" in named][-3:]
    assert widths == ["width:12.50%", "width:50.00%", "width:12.50%"]


def test_a_negative_part_has_a_number_and_no_width() -> None:
    found = page(replace(ANSWER, hits=(SECOND,), priors=()))
    assert "text -0.06" in found.within("split")
    assert "6 mo · CT · slice 40 · best of 120 images" in found.within("facts")
    widths = [named["style"] for tag, named in found.tags if tag == "i" and "style" in named][-3:]
    assert widths == ["width:25.00%", "width:31.25%", "width:0.00%"]


def test_the_patients_own_studies_stand_apart() -> None:
    found = page(ANSWER)
    assert "Earlier studies of the same patient" in found.within("h2")
    assert "case earlier" in found.within("lane")
    assert "case earlier" not in found.within("grid")
    assert not page(replace(ANSWER, priors=())).within("lane")
    assert PRIOR.case_id == "earlier"


def test_where_it_came_from() -> None:
    found = page(ANSWER)
    assert found.within("dl") == [
        *("Scan", "new/film.dcm"),
        *("Filter", "age >= 18"),
        *("Weights", "colour 0.25, embedding 0.50, text 0.25"),
        *("Region", "lungs"),
        *("Archive", "1,990 cases, 2,300 images, generation 7 of 2026-11-22 21:04"),
        *("Encoder", "efficientnet-lite0 (int8)"),
        *("Software", "cbir 0.1.0"),
        *("Report", "2026-11-22 23:05, answered in 0.38 s"),
    ]


def test_films_are_inside_and_a_missing_one_is_said() -> None:
    found = page(ANSWER)
    prefix = "data:image/jpeg;base64,"
    films = [base64.b64decode(uri.removeprefix(prefix)) for uri in found.values("img", "src")]
    assert films == [JPEG, JPEG, JPEG + b"2", JPEG + b"4"]
    assert found.within("nothing") == ["no preview"]


def test_words_alone_and_no_suggestion() -> None:
    found = page(EMPTY)
    assert found.within("label") == ["No suggestion"]
    assert "no case of the index has a label" in found.within("diagnosis")
    assert found.within("empty") == ["No case was found."]
    assert found.values("img", "src") == []
    assert found.within("remarks") == []
    assert found.within("dl")[:4] == ["Scan", "none, words alone", "Filter", "none"]


def test_labels_that_cannot_be_told_apart_are_shown_all_the_same() -> None:
    open_ = replace(DIAGNOSIS, label=None, abstained=True, reason="two labels", precedent=None)
    found = page(replace(ANSWER, diagnosis=open_))
    assert found.within("label") == ["No suggestion"]
    assert found.within("probabilities")[:2] == ["tuberculosis", "75 %"]
    assert found.within("against") == [
        "Nearest case with another diagnosis than the first one's:",
        "normal, rank 2",
    ]


def test_a_contrary_case_beyond_those_shown() -> None:
    beyond = replace(SECOND, rank=0, case_id="case-0099")
    found = page(replace(ANSWER, against=beyond))
    assert found.within("against") == [
        "Nearest case that speaks against it:",
        "normal, after those found",
    ]
    assert found.within("grid article.contrary h3") == ["normal", "nearest against"]


EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&\u202e\x1b javascript:alert(1)"


def hostile() -> Answer:
    hit = replace(
        FIRST,
        label=EVIL,
        case_id=EVIL,
        patient_id=EVIL,
        modality=EVIL,
        body_part=EVIL,
        view=EVIL,
        sex=EVIL,
        findings=EVIL,
        path=EVIL,
        contributions={EVIL: 0.5},
    )
    return Answer(
        index=replace(ANSWER.index, encoder=EVIL, software=EVIL, created=EVIL),
        query=replace(
            ANSWER.query,
            path=EVIL,
            text="script " + EVIL,
            modality=EVIL,
            quality=(EVIL,),
            segmentation=EVIL,
            weights={EVIL: 1.0},
            where=EVIL,
        ),
        hits=(hit,),
        priors=(replace(hit, case_id="other"),),
        diagnosis=Diagnosis(EVIL, {EVIL: 1.0}, (EVIL, "x"), neighbours=1),
        against=replace(hit, rank=0),
        remarks=(EVIL,),
    )


@pytest.mark.parametrize("label", [EVIL, None])
def test_hostile_texts_stay_texts(label: str | None) -> None:
    answer = hostile()
    if label is None:
        answer = replace(answer, diagnosis=Diagnosis(None, {}, abstained=True, reason=EVIL))
    text = render(answer, PREVIEWS, MADE)
    found = Page(text)
    assert "<script" not in text.lower()
    assert {tag for tag, _ in found.tags}.isdisjoint({"script", "iframe", "object", "link", "form"})
    assert not [name for _, named in found.tags for name in named if name.startswith("on")]
    assert all(value.startswith("data:image/jpeg;base64,") for value in found.values("img", "src"))
    assert all(value.startswith("#") for value in found.values("a", "href"))
    assert {"film-query", "film-1", "film-prior-1"} <= set(found.values("figure", "id"))
    assert "\u202e" not in text and "\x1b" not in text
    assert any("⟨U+202E⟩⟨U+001B⟩" in shown for shown in found.within("findings"))
    classes = " ".join(named.get("class", "") for _, named in found.tags)
    assert re.fullmatch(r"[a-z ]*", classes)


def test_nothing_outside_is_asked_for() -> None:
    text = render(ANSWER, PREVIEWS, MADE)
    assert not re.search(r"https?:|//[a-z]|url\(|@import|srcset|<base", text.split("base64,")[0])
    policy = Page(text).values("meta", "content")
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in policy


def test_braces_of_a_report_are_no_template() -> None:
    hit = replace(FIRST, findings="{{ 7 * 7 }} {% raw %}")
    found = page(replace(ANSWER, hits=(hit,), priors=()))
    assert "{{ 7 * 7 }} {% raw %}" in found.within("findings")


def test_a_report_without_a_date_given_bears_todays() -> None:
    found = Page(render(ANSWER, {}))
    assert found.within("dl")[-1].startswith(datetime.now().astimezone().strftime("%Y-%m-%d"))
