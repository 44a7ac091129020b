"""Whether a scan is of the modality and the body part that an archive has."""

import pytest

from retrieval.kinds import Kinds

CHESTS = Kinds.of(["CR", "CR", "DX", "CR"], ["CHEST", "CHEST", "THORAX", None])


@pytest.mark.parametrize(
    ("modality", "body_part"),
    [
        *[("", ""), ("CR", "CHEST"), ("DX", "chest"), ("OT", "LUNG")],
        *[("dr", "CHEST PA"), ("CR", "PORT_CHEST"), ("CR", "UNKNOWN")],
    ],
)
def test_the_same_by_whatever_name(modality: str, body_part: str) -> None:
    assert CHESTS.without(modality, body_part) is None


def test_another_modality() -> None:
    told = CHESTS.without("CT", "CHEST")
    assert told == "the scan is of another modality than the labelled cases, which are CR"


def test_another_body_part() -> None:
    told = CHESTS.without("CR", "HAND")
    assert told == "the scan is of another body part than the labelled cases, which are CHEST"


def test_an_archive_that_hardly_says_what_it_is_of_says_nothing_of_others() -> None:
    silent = Kinds.of([None, None, "CR"], [None, "", None])
    assert silent.without("CT", "HAND") is None
    assert Kinds().without("CT", "HAND") is None


def test_free_words_of_a_manifest_withhold_nothing() -> None:
    free = Kinds.of(["X-Ray"] * 3, ["TORAX"] * 3)
    assert free.without("DX", "CHEST") is None
    assert CHESTS.without("radiology dept", "brustkorb") is None
    told = Kinds.of(["X-Ray"] * 3, ["TORAX"] * 3).without("CT", "")
    assert told == "the scan is of another modality than the labelled cases, which are CR"


def test_the_most_frequent_are_named() -> None:
    mixed = Kinds.of(["CR", "CT", "CT", "MR", "US", "US", "US"], [None] * 7)
    told = mixed.without("NM", "")
    assert told is not None
    assert told.endswith("which are US, CT, CR and others")
