"""What is hidden is made visible."""

import pytest

from retrieval.report.shown import age, one_line, percent, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Größe, 肺, 🫁", "plain, Größe, 肺, 🫁"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("a\u202eb\u2066c\u200fd", "a⟨U+202E⟩b⟨U+2066⟩c⟨U+200F⟩d"),
        ("zero\u200bwidth, \ufeffmark", "zero⟨U+200B⟩width, ⟨U+FEFF⟩mark"),
        ("nul\0 cr\r nel\x85", "nul⟨U+0000⟩ cr⟨U+000D⟩ nel⟨U+0085⟩"),
        ("\u2028line\ud800half", "⟨U+2028⟩line⟨U+D800⟩half"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_one_line() -> None:
    assert one_line("  a\r\n\tb\u00a0 c\x1b ") == "a b c⟨U+001B⟩"


@pytest.mark.parametrize(
    ("years", "said"),
    [(None, ""), (float("nan"), ""), (47.0, "47 y"), (2.0, "2 y"), (0.5, "6 mo"), (0.0, "0 mo")],
)
def test_age(years: float | None, said: str) -> None:
    assert age(years) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.5, "50 %"), (0.994, ">99 %"), (0.99, "99 %"), (0.004, "<1 %"), (1.0, ">99 %")],
)
def test_percent(share: float, said: str) -> None:
    assert percent(share) == said
