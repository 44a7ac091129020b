"""Which words are marked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.report.marking import marked


@pytest.mark.parametrize(
    ("text", "query", "words"),
    [
        ("Small cavity in the LEFT upper lobe", "Left cavity", ["cavity", "LEFT"]),
        ("Two effusions, no effusion.", "effusion", ["effusions", "effusion"]),
        ("An effusion", "pleural effusions", ["effusion"]),
        ("the lung and the heart", "the heart and the aorta", ["heart"]),
        ("car, cart, cardiac", "car", ["car"]),
        ("no in of", "in of no", []),
        ("双肺上叶空洞", "上叶空洞形成", ["上叶空洞"]),
        ("右肺pneumonia", "pneumonia", ["pneumonia"]),
        ("nothing asked", "", []),
        ("", "cavity", []),
    ],
)
def test_these_words(text: str, query: str, words: list[str]) -> None:
    assert [piece for piece, asked in marked(text, query) if asked] == words


@given(
    st.text(alphabet="abc 肺叶空洞.,\n", max_size=40), st.text(alphabet="abc 肺叶空洞", max_size=20)
)
def test_no_letter_is_lost(text: str, query: str) -> None:
    assert "".join(piece for piece, _ in marked(text, query)) == text
