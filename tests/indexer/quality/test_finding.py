"""The text of a finding, and back."""

import subprocess
import sys

import pytest

from indexer.quality import CODES, MENDS, Finding, code_of, codes_of, joined


def test_the_text_begins_with_the_code() -> None:
    found = Finding("border", "nothing in it at the left 12%", 0.12, "crop:0,0,61,0")
    assert str(found) == "border: nothing in it at the left 12%"
    assert code_of(str(found)) == "border"
    done = Finding("inverted", "bright where a film is dark", mend="invert", mended=True)
    assert str(done) == "inverted: bright where a film is dark (mended by invert)"


def test_codes_of_the_column_of_the_store() -> None:
    both = joined([str(Finding("very_small", "9 x 9 pixels")), str(Finding("blank", "all alike"))])
    assert both == "very_small: 9 x 9 pixels; blank: all alike"
    assert codes_of(both) == ("very_small", "blank")
    assert codes_of("") == ()


@pytest.mark.parametrize(
    "text", ["", "blank", "blanket: warm", "Blank: all alike", "very small: 9"]
)
def test_what_begins_with_no_code(text: str) -> None:
    assert code_of(text) == ("blank" if text == "blank" else "")


def test_what_could_not_be_read_back_is_refused() -> None:
    with pytest.raises(ValueError, match="'odd' is no code"):
        Finding("odd", "something")
    with pytest.raises(ValueError, match="parts two findings"):
        Finding("blank", "this; and that")


def test_what_can_be_mended_is_a_code() -> None:
    assert set(MENDS) < set(CODES)


def test_codes_can_be_read_without_opencv() -> None:
    program = "import sys, indexer.quality; assert 'cv2' not in sys.modules, 'cv2'"
    subprocess.run([sys.executable, "-c", program], check=True)
