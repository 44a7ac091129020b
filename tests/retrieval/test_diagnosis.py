"""What is suggested, and when nothing is."""

from dataclasses import replace

import numpy as np
import pytest

from models.heads.calibration import Answers, Calibration
from models.heads.combined import CombinedHead
from models.heads.conformal import ConformalSets
from models.heads.neighbours import NeighbourVote
from models.heads.novelty import Novelty, Space
from retrieval.answer import Precedent
from retrieval.diagnosis import RULES, Asked, Neighbours, leading, suggest
from retrieval.kinds import Kinds

PRIOR = {"normal": 0.5, "pneumonia": 0.25, "tuberculosis": 0.25}
VOTE = NeighbourVote(PRIOR, k=4, temperature=0.1, smoothing=0.4, reference=0.9)
HEAD = CombinedHead(VOTE)
ASKED = Asked()

TENTHS = tuple(at / 10 for at in range(1, 11))
SETS = ConformalSets(dict.fromkeys(PRIOR, TENTHS))
"""Of ten cases of each label: one with less than 0.2 is among the tenth that may be ruled out."""

NOVELTY = Novelty(
    (
        Space(
            blocks=("edge",),
            mean=np.zeros(2, np.float32),
            directions=np.array([[1, 0]], np.float32),
            variance=np.ones(1, np.float32),
        ),
    ),
    threshold=1.0,
)
ANSWERS = {
    "tuberculosis": Answers((0.5,) * 10 + (0.9,) * 40, (False,) * 10 + (True,) * 38 + (False,) * 2),
    "normal": Answers((0.9,) * 20, (False,) * 20),
}
CALIBRATION = Calibration(70, 0.03, 0.8, ANSWERS, unsure_below=0.6)
CHECKED = replace(HEAD, sets=SETS, calibration=CALIBRATION, novelty=NOVELTY)


def nearest(*labels: str) -> Neighbours:
    """Cases that are all at the reference score, where each weighs exactly 1."""
    scores = np.full(len(labels), 0.9, np.float32)
    return Neighbours(scores, labels)


ALL_FOUR = nearest(*["tuberculosis"] * 4)
TWO_TO_TWO = nearest("pneumonia", "tuberculosis", "pneumonia", "tuberculosis")


def test_neighbours_that_agree() -> None:
    found = suggest(ALL_FOUR, HEAD, ASKED)
    assert found.label == "tuberculosis"
    assert found.probabilities == pytest.approx(
        {"tuberculosis": 4.1 / 4.4, "normal": 0.2 / 4.4, "pneumonia": 0.1 / 4.4}, abs=1e-6
    )
    assert list(found.probabilities) == ["tuberculosis", "normal", "pneumonia"]
    assert found.forced == found.probabilities
    assert found.set == ("tuberculosis",)
    assert (found.abstained, found.reason, found.code) == (False, None, "")
    assert found.neighbours == 4
    assert (found.coverage, found.precedent, found.judged) == (None, None, 0)


def test_without_conformal_sets_the_differential_is_the_smallest_that_reaches_nine_tenths() -> None:
    found = suggest(nearest("pneumonia", "", "tuberculosis", "pneumonia", "normal"), HEAD, ASKED)
    assert found.label == "pneumonia"
    assert found.set == ("pneumonia", "normal", "tuberculosis")
    assert found.neighbours == 4


def test_equal_probabilities_are_ordered_by_name() -> None:
    flat = NeighbourVote({"b": 0.5, "a": 0.5}, k=2, smoothing=1.0, reference=0.9)
    assert suggest(nearest("b", "a"), CombinedHead(flat), ASKED).label == "a"


def test_an_answer_says_what_became_of_others_like_it() -> None:
    found = suggest(ALL_FOUR, CHECKED, ASKED)
    assert (found.label, found.set, found.coverage) == ("tuberculosis", ("tuberculosis",), 0.9)
    assert found.precedent == Precedent("tuberculosis", 40, 38)
    assert (found.judged, found.calibration_error) == (70, 0.03)
    rarely = suggest(nearest(*["normal"] * 4), CHECKED, ASKED)
    assert rarely.precedent == Precedent("", 40, 18)


def test_what_was_not_asked_as_it_was_fitted_was_not_checked_either() -> None:
    found = suggest(ALL_FOUR, CHECKED, Asked(as_fitted=False))
    assert (found.judged, found.calibration_error) == (0, None)
    assert suggest(ALL_FOUR, CHECKED, ASKED).judged == 70


def test_what_was_not_asked_as_it_was_fitted_promises_nothing() -> None:
    found = suggest(ALL_FOUR, CHECKED, Asked(as_fitted=False))
    assert (found.label, found.coverage, found.precedent) == ("tuberculosis", None, None)


def test_a_coverage_that_the_archive_is_too_small_for_promises_nothing() -> None:
    assert suggest(ALL_FOUR, CHECKED, Asked(coverage=0.99)).coverage is None


def test_labels_that_cannot_be_told_apart_are_left_to_the_reader() -> None:
    found = suggest(TWO_TO_TWO, CHECKED, ASKED)
    assert (found.label, found.abstained, found.code) == (None, True, "undecided")
    assert found.reason == (
        "what was found speaks for pneumonia (48 %) and for tuberculosis (48 %); on this archive, "
        "suggestions with less than 60 % were wrong more than once in three times"
    )
    assert found.set == ("pneumonia", "tuberculosis")
    assert found.probabilities["pneumonia"] == pytest.approx(2.1 / 4.4)
    surer = replace(CALIBRATION, unsure_below=0.4)
    assert suggest(TWO_TO_TWO, replace(CHECKED, calibration=surer), ASKED).label == "pneumonia"


def test_a_case_speaks_against_the_suggestion_or_against_the_nearest_case() -> None:
    assert leading(suggest(ALL_FOUR, CHECKED, ASKED), ALL_FOUR) == "tuberculosis"
    other_way = nearest("", "tuberculosis", "pneumonia", "tuberculosis", "pneumonia")
    undecided = suggest(other_way, CHECKED, ASKED)
    assert (undecided.label, next(iter(undecided.probabilities))) == (None, "pneumonia")
    assert leading(undecided, other_way) == "tuberculosis"
    blank = suggest(ALL_FOUR, CHECKED, Asked(quality=["blank: all alike"]))
    assert leading(blank, ALL_FOUR) is None


def test_a_set_that_would_be_empty_holds_the_suggestion_and_says_so() -> None:
    strict = ConformalSets({name: tuple(0.99 + at / 1e4 for at in range(20)) for name in PRIOR})
    found = suggest(ALL_FOUR, replace(CHECKED, sets=strict), ASKED)
    assert (found.label, found.set, found.atypical) == ("tuberculosis", ("tuberculosis",), True)


SURE = tuple(at / 20 for at in range(10, 20))
"""Own cases that were all told surely: what is less sure than any of them is ruled out."""


def test_what_is_suggested_is_never_ruled_out() -> None:
    sets = ConformalSets({"normal": TENTHS, "pneumonia": TENTHS, "tuberculosis": (0.99,) * 10})
    found = suggest(ALL_FOUR, replace(CHECKED, sets=sets), ASKED)
    assert found.label == "tuberculosis"
    assert found.label in found.set


def test_an_unsure_scan_gets_no_label_also_where_every_label_would_be_ruled_out() -> None:
    sets = ConformalSets(dict.fromkeys(PRIOR, SURE))
    found = suggest(TWO_TO_TWO, replace(CHECKED, sets=sets), ASKED)
    assert found.atypical and len(found.set) == 1
    assert (found.label, found.code) == (None, "undecided")


@pytest.mark.parametrize("labels", [(), ("", "")])
def test_without_a_labelled_neighbour_there_is_no_label(labels: tuple[str, ...]) -> None:
    found = suggest(nearest(*labels), HEAD, ASKED)
    assert (found.label, found.set, found.abstained) == (None, (), True)
    assert (found.reason, found.code) == ("none of the nearest cases has a label", "labels")
    assert found.probabilities == PRIOR


@pytest.mark.parametrize("head", [None, CombinedHead(NeighbourVote({}))])
def test_an_index_without_labels(head: CombinedHead | None) -> None:
    found = suggest(nearest("", ""), head, ASKED)
    assert (found.label, found.probabilities, found.abstained) == (None, {}, True)
    assert found.reason == "no case of the index has a label"


def test_an_archive_with_one_label_suggests_nothing() -> None:
    only = CombinedHead(NeighbourVote({"pneumonia": 1.0}))
    found = suggest(nearest("pneumonia"), only, ASKED)
    assert (found.label, found.abstained) == (None, True)
    assert found.probabilities == {"pneumonia": 1.0}
    assert (
        found.reason == "all labelled cases of the index are pneumonia: there is nothing to weigh"
    )


@pytest.mark.parametrize(
    ("remark", "reason"),
    [
        ("blank: all alike", "the scan shows nothing that could be compared (blank: all alike)"),
        ("rotated: by 90 degrees", "the scan is rotated (rotated: by 90 degrees)"),
        (
            "inverted: bright where a film is dark",
            "the scan's grey levels are the wrong way round (inverted: bright where a film is "
            "dark)",
        ),
    ],
)
def test_an_unfit_scan_gets_no_label(remark: str, reason: str) -> None:
    found = suggest(ALL_FOUR, CHECKED, Asked(quality=["very_small: 2 x 2 pixels", remark]))
    assert (found.label, found.abstained, found.code) == (None, True, "quality")
    assert found.reason == reason
    assert (found.probabilities, found.set, found.neighbours) == (PRIOR, (), 0)
    assert found.forced["tuberculosis"] == pytest.approx(4.1 / 4.4)


@pytest.mark.parametrize(
    "remark",
    ["underexposed: dark", "blanket: not a code", "inverted: wrongly (mended by invert)"],
)
def test_other_remarks_do_not_keep_it_from_answering(remark: str) -> None:
    assert suggest(ALL_FOUR, HEAD, Asked(quality=[remark])).label == "tuberculosis"


def test_a_scan_of_another_kind_gets_no_label() -> None:
    archive = Kinds.of(["CR", "DX", None], ["CHEST", "CHEST", "CHEST"])
    other = suggest(ALL_FOUR, HEAD, Asked(modality="MR", archive=archive))
    assert (other.label, other.code) == (None, "kind")
    assert other.reason == "the scan is of another modality than the labelled cases, which are CR"
    same = suggest(ALL_FOUR, HEAD, Asked(modality="DX", body_part="THORAX", archive=archive))
    assert same.label == "tuberculosis"


def test_a_scan_unlike_the_archive_s_gets_no_label() -> None:
    far = {"edge": np.array([1.5, 0], np.float32)}
    found = suggest(ALL_FOUR, CHECKED, Asked(features=far))
    assert (found.label, found.code, found.probabilities) == (None, "novelty", PRIOR)
    assert found.reason == (
        "the scan is unlike those of the archive: it is 2.2 times as far from them as 99 of 100 "
        "of the archive's own scans are at most"
    )
    assert found.unlikeness is not None
    assert (found.unlikeness.value, found.unlikeness.threshold) == (2.25, 1.0)
    near = {"edge": np.array([0.5, 0], np.float32)}
    assert suggest(ALL_FOUR, CHECKED, Asked(features=near)).label == "tuberculosis"


def test_a_scan_that_is_far_from_everything_gets_no_label() -> None:
    strict = replace(HEAD, vote=replace(VOTE, floor=0.95))
    found = suggest(nearest("normal", "normal", "normal", "normal"), strict, ASKED)
    assert (found.label, found.abstained, found.code) == (None, True, "distance")
    assert found.reason == (
        "nothing is close: the nearest case scores 0.90, and 99 of 100 cases of the archive have "
        "one of 0.95 or more"
    )
    otherwise = suggest(nearest("normal", "normal", "normal"), strict, Asked(as_fitted=False))
    assert otherwise.label == "normal"


def test_the_first_rule_that_holds_is_said() -> None:
    assert list(RULES) == ["quality", "labels", "kind", "novelty", "distance"]
    archive = Kinds.of(["CR"], ["CHEST"])
    asked = Asked(quality=["blank: all alike"], modality="MR", archive=archive)
    assert suggest(ALL_FOUR, HEAD, asked).code == "quality"
