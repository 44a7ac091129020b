"""Sides by patient: the archive's own column first, and nobody on two of them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.learn.gather import Gathered
from indexer.learn.sides import split_of
from models.errors import UsageError
from models.training.splits import Split, check_learnable, drawn, folds


def gathered(facts: list[dict[str, Any]]) -> Gathered:
    count = len(facts)
    return Gathered(
        pictures=np.zeros((count, 2, 2, 1), np.uint8),
        masks=None,
        masked=np.zeros(count, bool),
        scan=np.arange(count),
        facts=tuple(facts),
        keys=tuple(f"{number}.png" for number in range(count)),
        sha256=tuple((str(number),) for number in range(count)),
        rejects=(),
        remarks=(),
    )


def film(patient: str, label: str = "normal", split: str = "", site: str = "") -> dict[str, Any]:
    return {"patient_id": patient, "label": label, "split": split, "site": site}


def test_the_archive_s_own_column_decides() -> None:
    told = [film(f"p{n}", split=side) for n, side in enumerate(["archive", "query", "val"] * 3)]
    split, remarks = split_of(gathered(told), np.arange(9), seed=0)
    assert split.train.tolist() == [0, 3, 6]
    assert split.test.tolist() == [1, 4, 7]
    assert split.validation.tolist() == [2, 5, 8]
    assert remarks == ()


def test_a_patient_on_two_sides_of_that_column_is_refused() -> None:
    told = [film("a", split="archive"), film("a", split="query"), film("b", split="archive")]
    with pytest.raises(UsageError, match="has 1 patients on two sides"):
        split_of(gathered(told), np.arange(3), seed=0)


def test_without_patients_it_says_so() -> None:
    told = [film("") for _ in range(10)]
    _, remarks = split_of(gathered(told), np.arange(10), seed=0)
    assert remarks[0].startswith("no film names its patient")
    assert remarks[1] == "the archive sets no films apart for testing: 2 were drawn"


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), min_size=2, max_size=60),
    st.integers(0, 5),
)
def test_no_patient_is_ever_on_two_sides(told: list[tuple[int, str]], seed: int) -> None:
    facts = [film(f"p{patient}", label) for patient, label in told]
    all_of_them = gathered(facts)
    split, _ = split_of(all_of_them, np.arange(len(facts)), seed)
    split.check(all_of_them.patients())
    rows = np.concatenate([split.train, split.validation, split.test])
    assert sorted(rows.tolist()) == list(range(len(facts)))


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), min_size=1, max_size=60),
    st.integers(2, 5),
)
def test_folds_keep_patients_whole_and_are_even(told: list[tuple[int, str]], count: int) -> None:
    patients = [f"p{patient}" for patient, _ in told]
    fold = folds([label for _, label in told], patients, count, seed=0)
    owners: dict[str, int] = {}
    for patient, number in zip(patients, fold, strict=True):
        assert owners.setdefault(patient, number) == number
    sizes = np.bincount(list(owners.values()), minlength=count)
    assert sizes.max() - sizes.min() <= 1


def test_a_split_with_a_patient_on_two_sides_is_noticed() -> None:
    split = Split(np.array([0]), np.array([1]), np.array([2]))
    split.check(["a", "b", "c"])
    split.check(["a", "", ""])  # nobody named is nobody twice
    with pytest.raises(ValueError, match="on two sides"):
        split.check(["a", "b", "a"])


def test_each_stratum_is_on_both_sides() -> None:
    strata = ["a"] * 10 + ["b"] * 2 + ["c"]
    first, second = drawn(strata, [str(n) for n in range(13)], 0.2, seed=3)
    assert np.bincount([0 if n < 10 else 1 if n < 12 else 2 for n in second]).tolist() == [2, 1]
    assert 12 in first


@pytest.mark.parametrize(
    ("labels", "patients", "words"),
    [
        (["", ""], ["a", "b"], "no scan of the archive has a label"),
        (["x", "x"], ["a", "b"], "all labelled scans are 'x'"),
        (["x", "x", "y", "y"], ["a", "b", "c", "c"], "'y': only one patient has this label"),
    ],
)
def test_what_cannot_be_learned(labels: list[str], patients: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        check_learnable(labels, patients)
