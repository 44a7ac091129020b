"""The terminal's table, written out."""

from dataclasses import replace

import pytest

from retrieval.answer import Diagnosis
from retrieval.report.table import render
from tests.retrieval.report.answers import ANSWER, DIAGNOSIS, EMPTY, FIRST, SECOND

WHOLE = """\
Query  new/film.dcm  CR  CHEST
Words  "cavity, upper lobe"
Where  age >= 18
!  very_small: 50 x 50 pixels
!  only 3 of 5 cases: no other case fits the filter

#  label         score  colour  embedding   text  case       patient  modality
1  tuberculosis   0.75    0.12       0.50   0.12  case-0001  P-1      CR
2  normal         0.50    0.25       0.31  -0.06  case-0002  P-2      CT
3  (none)         0.25    0.00       0.25   0.00  case-0003

Suggests tuberculosis (from 15 cases and the scan itself)
  tuberculosis   75 %  ██████████████████
  normal         25 %  ██████
  pneumonia      <1 %
Of 40 scans of this archive with such an answer, 35 were tuberculosis (88 of 100).
Not ruled out: tuberculosis, normal. In about 10 of 100 cases, whatever their diagnosis, it is ruled
  out wrongly.
Checked on 1,200 cases of this archive, each left out: the probabilities were off by 3 of 100 on
  average.
Nearest case that speaks against it: case-0002 (normal, rank 2)

Earlier studies of the same patient (not counted above)
#  label         score  colour  embedding  text  case     patient  modality
1  tuberculosis   0.75    0.12       0.50  0.12  earlier  P-9      CR

cbir 0.1.0 · efficientnet-lite0 (int8) · generation 7 · 1,990 cases · 0.38 s
Decision support for research, not for primary diagnosis."""

NOTHING = """\
Query
Words  "cavity"

No case was found.

No suggestion: no case of the index has a label.

cbir 0.1.0 · efficientnet-lite0 (int8) · generation 7 · 1,990 cases · 0.00 s
Decision support for research, not for primary diagnosis."""


def test_an_answer() -> None:
    assert render(ANSWER) == WHOLE


def test_an_answer_with_nothing_in_it() -> None:
    assert render(EMPTY) == NOTHING


@pytest.mark.parametrize("width", [1, 60, 70, 80, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    long = replace(FIRST, case_id="1.2.840." + "9" * 60 + ".77", label="x" * 80)
    answer = replace(ANSWER, hits=(long, SECOND), remarks=("words " * 40,))
    lines = render(answer, width).split("\n")
    assert max(map(len, lines)) <= max(60, width)
    assert "Decision support for research, not for primary diagnosis." in lines


def test_identifiers_are_cut_where_they_are_alike_and_labels_at_their_end() -> None:
    long = replace(
        FIRST, case_id="hospital-archive-2026-000017", label="tuberculosis, miliary form"
    )
    table = render(replace(ANSWER, hits=(long, SECOND), priors=()), 90)
    assert "  hospital…6-000017  " in table
    assert "1  tuberculosis, m…  " in table
    assert " 0.75    0.12       0.50   0.12  " in table


def test_the_last_columns_give_way_in_a_narrow_terminal() -> None:
    head = render(ANSWER, 60).split("\n")[6]
    assert head == "#  label         score  colour  embedding   text  case"


def test_wide_characters_take_two_cells() -> None:
    hits = (replace(FIRST, label="肺结核"), SECOND)
    rows = render(replace(ANSWER, hits=hits, priors=())).split("\n")[6:9]
    assert rows[0].startswith("#  label   score")
    assert rows[1].startswith("1  肺结核   0.75")
    assert rows[2].startswith("2  normal   0.50")


def test_nothing_from_a_header_can_steer_the_terminal() -> None:
    evil = "\x1b[2J\x07tuber\u202eculosis\nfake row"
    hits = (replace(FIRST, label=evil, case_id=evil, patient_id=evil, modality=evil),)
    query = replace(ANSWER.query, path=evil, text=evil, where=evil, quality=(evil,))
    diagnosis = replace(DIAGNOSIS, label=evil, probabilities={evil: 1.0}, set=(evil, "x"))
    answer = replace(ANSWER, hits=hits, query=query, diagnosis=diagnosis, remarks=(evil,))
    for text in (render(answer, 400), render(answer, 70)):
        assert not [each for each in text if not each.isprintable() and each != "\n"]
    assert "⟨U+001B⟩[2J⟨U+0007⟩tuber⟨U+202E⟩culosis fake row" in render(answer, 400)


def test_a_contrary_case_beyond_those_shown_is_named() -> None:
    beyond = replace(SECOND, rank=0, case_id="case-0099", score=0.5)
    told = render(replace(ANSWER, against=beyond))
    assert "speaks against it: case-0099 (normal, score 0.50, after those found)\n" in told


def test_labels_that_cannot_be_told_apart_are_shown_all_the_same() -> None:
    undecided = replace(DIAGNOSIS, label=None, abstained=True, reason="two labels", precedent=None)
    lines = render(replace(ANSWER, diagnosis=undecided, priors=()), 200).split("\n")
    at = lines.index("No suggestion: two labels.")
    assert lines[at + 1].split() == ["tuberculosis", "75", "%", "█" * 18]
    assert lines[at + 4].startswith("Not ruled out: tuberculosis, normal. In about 10 of 100")
    assert lines[at + 6] == (
        "Nearest case with another diagnosis than the first one's: case-0002 (normal, rank 2)"
    )


def test_what_an_archive_was_too_small_for_is_said() -> None:
    small = Diagnosis("a", {"a": 0.8, "b": 0.2}, ("a", "b"), note="it has 9 cases", atypical=True)
    told = render(replace(ANSWER, diagnosis=small), 200)
    assert "Not told apart: a, b.\n" in told
    assert "The probabilities could not be checked: it has 9 cases.\n" in told
    assert "The scan is typical of none of the labels: read the suggestion with care.\n" in told


def test_a_diagnosis_without_doubt_lists_no_set() -> None:
    sure = Diagnosis("normal", {"normal": 0.997, "pneumonia": 0.003}, ("normal",), neighbours=9)
    lines = render(replace(ANSWER, diagnosis=sure, against=None, priors=())).split("\n")
    at = lines.index("Suggests normal (from 9 cases)")
    assert lines[at + 1 : at + 4] == [
        "  normal     >99 %  ████████████████████████",
        "  pneumonia   <1 %",
        "",
    ]
