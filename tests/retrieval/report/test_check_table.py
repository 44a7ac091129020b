"""What was found, for a terminal."""

from retrieval.report.check_table import in_order, render
from tests.retrieval.report.checked import NOTHING, REPORT


def test_everything_is_said() -> None:
    lines = render(REPORT).splitlines()
    assert lines[0] == "Archive  films  (3 cases, 3 patients, 3 files, 2 rejects)"
    assert "Nearly the same picture: 1  [near_duplicate]" in lines
    assert "  - nearly the same (likeness 0.93)" in lines
    assert "      a/1.png  (patient P-1, normal)" in lines
    assert "Too dark: 1  [too_dark]" in lines
    assert "The same file twice: 1  [same_bytes]  (a remark)" in lines
    assert "Not checked" in lines
    assert lines[-1] == "  - how the films of MR HEAD lie: 3 patients; 40 are needed"


def test_long_lists_are_cut_and_said_to_be() -> None:
    told = render(REPORT)
    assert told.count("- labelled normal") == 20
    assert "  ... and 25 more (--format json has them all)" in told


def test_faults_come_before_remarks() -> None:
    codes = [code for code, _, _ in in_order(REPORT)]
    assert codes == ["rejected", "too_dark", "near_duplicate", "same_bytes", "doubtful_label"]


def test_what_would_steer_the_terminal_is_shown() -> None:
    assert "\u202e" not in render(REPORT)
    assert "P-3⟨U+202E⟩" in render(REPORT)


def test_nothing_was_found() -> None:
    assert render(NOTHING).splitlines()[-1] == "Nothing was found."
