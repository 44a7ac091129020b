"""Patients stay whole, and never stand on both sides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.heads.leave_out import patients_of, same_patient, sample, without_own


def test_rows_without_a_patient_are_patients_of_their_own() -> None:
    assert same_patient(["a", "", "a", ""]).astype(int).tolist() == [
        [1, 0, 1, 0],
        [0, 1, 0, 0],
        [1, 0, 1, 0],
        [0, 0, 0, 1],
    ]


def test_without_own_leaves_the_given_array_alone() -> None:
    given_one = np.ones((2, 2), np.float32)
    alone = without_own(given_one, ["a", "b"])
    assert alone.tolist() == [[-np.inf, 1], [1, -np.inf]]
    assert given_one.all()


def test_shapes_have_to_agree() -> None:
    with pytest.raises(ValueError, match=r"similarity is \(2, 2\) for 3 cases"):
        without_own(np.ones((2, 2), np.float32), ["a", "b", "c"])


@given(st.lists(st.sampled_from(["", "a", "b", "c", "d"]), max_size=30), st.integers(1, 30))
def test_a_sample_has_whole_patients_and_at_most_the_cap(groups: list[str], cap: int) -> None:
    rows = sample(groups, cap)
    assert len(rows) <= cap
    assert rows.tolist() == sorted(set(rows.tolist()))
    assert len(rows) or not groups
    patients = patients_of(groups)
    drawn = [patients[row] for row in rows]
    whole = all(drawn.count(each) == patients.count(each) for each in set(drawn))
    assert whole or len(set(drawn)) == 1


def test_a_sample_repeats_with_its_seed() -> None:
    groups = [f"p{row}" for row in range(100)]
    assert sample(groups, 10).tolist() == sample(groups, 10).tolist()
    assert sample(groups, 10).tolist() != sample(groups, 10, seed=1).tolist()
