"""The words that matched, and that their parts and the others' sum to the text's score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.descriptors import text
from retrieval.why_words import Words, words_of

REPORTS = [
    "The heart is normal in size. The lungs are clear. No pleural effusion or pneumothorax.",
    "Large left pleural effusion with compressive atelectasis.",
    "Right upper lobe cavity with surrounding nodules, suspicious for tuberculosis.",
    "Cardiomegaly with mild interstitial edema.",
    "右肺上叶见斑片影及空洞，考虑肺结核。",  # noqa: RUF001
]
MODEL = text.fit(REPORTS)
BLOCKS = MODEL.transform(REPORTS)


def total(words: Words) -> float:
    return sum(word.gave for word in words.matched) + words.others


@given(st.lists(st.sampled_from(" ".join(REPORTS).split()), max_size=8), st.integers(0, 4))
def test_words_and_others_sum_to_the_contribution(asked: list[str], hit: int) -> None:
    told = " ".join(asked)
    words = words_of(MODEL, told, REPORTS[hit], BLOCKS[hit], 0.25)
    score = 0.25 * float(MODEL.transform([told])[0] @ BLOCKS[hit])
    assert total(words) == pytest.approx(score, abs=1e-5)


def test_a_pair_is_named_once_with_what_its_words_gave() -> None:
    words = words_of(MODEL, "left pleural effusion", REPORTS[1], BLOCKS[1], 1.0)
    assert [word.term for word in words.matched] == ["left pleural", "pleural effusion"]
    assert words.others == 0
    assert all(word.gave > 0.2 for word in words.matched)


def test_words_that_are_not_there_are_among_the_others() -> None:
    words = words_of(MODEL, "edema cavity", REPORTS[3], BLOCKS[3], 1.0)
    assert [word.term for word in words.matched] == ["edema"]
    assert abs(words.others) < 0.1


def test_chinese() -> None:
    words = words_of(MODEL, "肺结核", REPORTS[4], BLOCKS[4], 1.0)
    assert {word.term for word in words.matched} == {"肺结", "结核"}


@pytest.mark.parametrize(
    ("asked", "hit", "weight"), [("", 1, 1.0), ("zebra", 1, 1.0), ("effusion", 1, 0.0)]
)
def test_nothing_matched(asked: str, hit: int, weight: float) -> None:
    assert words_of(MODEL, asked, REPORTS[hit], BLOCKS[hit], weight) == Words()
    assert words_of(MODEL, "effusion", REPORTS[1], 0 * BLOCKS[1], 1.0) == Words()
