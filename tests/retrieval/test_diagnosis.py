"""What is suggested, and when nothing is."""

from dataclasses import replace

import numpy as np
import pytest

from models.heads.neighbours import NeighbourVote
from retrieval.diagnosis import Neighbours, suggest

PRIOR = {"normal": 0.5, "pneumonia": 0.25, "tuberculosis": 0.25}
VOTE = NeighbourVote(PRIOR, k=4, temperature=0.1, smoothing=0.4, reference=0.9)


def nearest(*labels: str) -> Neighbours:
    """Cases that are all at the reference score, where each weighs exactly 1."""
    scores = np.full(len(labels), 0.9, np.float32)
    return Neighbours(scores, labels)


def test_neighbours_that_agree() -> None:
    found = suggest(nearest("tuberculosis", "tuberculosis", "tuberculosis", "tuberculosis"), VOTE)
    assert found.label == "tuberculosis"
    assert found.probabilities == pytest.approx(
        {"tuberculosis": 4.1 / 4.4, "normal": 0.2 / 4.4, "pneumonia": 0.1 / 4.4}, abs=1e-6
    )
    assert list(found.probabilities) == ["tuberculosis", "normal", "pneumonia"]
    assert found.set == ("tuberculosis",)
    assert (found.abstained, found.reason) == (False, None)
    assert found.neighbours == 4


def test_neighbours_that_disagree_make_a_differential() -> None:
    found = suggest(nearest("pneumonia", "", "tuberculosis", "pneumonia", "normal"), VOTE)
    assert found.label == "pneumonia"
    assert found.set == ("pneumonia", "normal", "tuberculosis")
    assert found.neighbours == 4


def test_the_set_is_the_smallest_that_reaches_nine_tenths() -> None:
    class Said:
        classes = ("a", "b", "c")
        k = 0
        floor = -1.0

        def probabilities(self, *_: object) -> dict[str, float]:
            return {"c": 0.1, "b": 0.3, "a": 0.6}

    found = suggest(nearest(), Said())
    assert found.label == "a"
    assert found.set == ("a", "b")


def test_equal_probabilities_are_ordered_by_name() -> None:
    flat = NeighbourVote({"b": 0.5, "a": 0.5}, k=2, smoothing=1.0, reference=0.9)
    assert suggest(nearest("b", "a"), flat).label == "a"


@pytest.mark.parametrize("labels", [(), ("", "")])
def test_without_a_labelled_neighbour_there_is_no_label(labels: tuple[str, ...]) -> None:
    found = suggest(nearest(*labels), VOTE)
    assert (found.label, found.set, found.abstained) == (None, (), True)
    assert found.reason == "none of the nearest cases has a label"
    assert found.probabilities == PRIOR


@pytest.mark.parametrize("head", [None, NeighbourVote({})])
def test_an_index_without_labels(head: NeighbourVote | None) -> None:
    found = suggest(nearest("", ""), head)
    assert (found.label, found.probabilities, found.abstained) == (None, {}, True)
    assert found.reason == "no case of the index has a label"


def test_an_archive_with_one_label_suggests_nothing() -> None:
    found = suggest(nearest("pneumonia"), NeighbourVote({"pneumonia": 1.0}))
    assert (found.label, found.abstained) == (None, True)
    assert found.probabilities == {"pneumonia": 1.0}
    assert (
        found.reason == "all labelled cases of the index are pneumonia: there is nothing to weigh"
    )


def test_a_blank_scan_gets_no_label() -> None:
    found = suggest(nearest("pneumonia"), VOTE, quality=["very_small: 2 x 2", "blank: all alike"])
    assert (found.label, found.abstained) == (None, True)
    assert found.reason == "the scan shows nothing that could be compared (blank: all alike)"
    assert found.probabilities == PRIOR


def test_other_remarks_do_not_keep_it_from_answering() -> None:
    told = ["underexposed: 90% of it is black", "blanket: not a code", "border: left 5%"]
    assert suggest(nearest("pneumonia"), VOTE, quality=told).label == "pneumonia"


def test_a_scan_that_is_far_from_everything_gets_no_label() -> None:
    strict = replace(VOTE, floor=0.95)
    found = suggest(nearest("normal", "normal", "normal", "normal"), strict)
    assert (found.label, found.abstained) == (None, True)
    assert found.reason == (
        "nothing is close: the nearest case scores 0.90, and 99 of 100 cases of the archive have "
        "one of 0.95 or more"
    )
    otherwise = suggest(nearest("normal", "normal", "normal"), strict, as_fitted=False)
    assert otherwise.label == "normal"
