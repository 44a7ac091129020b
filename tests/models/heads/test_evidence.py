"""Cases are drawn and folded by whole patients; those that may judge come first."""

from dataclasses import replace

import numpy as np
import pytest

from models.heads.evidence import FOLDS, sample_judged
from tests.models.heads.archives import clusters


def test_a_patient_is_in_one_fold_and_labels_are_spread() -> None:
    evidence = clusters(300, films=3)
    folds = evidence.folds()
    for patient in set(evidence.patients):
        rows = [row for row, other in enumerate(evidence.patients) if other == patient]
        assert len(set(folds[rows])) == 1
    for label in "abc":
        here = np.bincount(folds[np.array(evidence.labels) == label], minlength=FOLDS)
        assert here.min() >= 15


def test_judged_patients_are_spread_over_the_folds_too() -> None:
    evidence = replace(clusters(200), judged=np.arange(200) < 40)
    assert np.bincount(evidence.folds()[:40], minlength=FOLDS).tolist() == [8] * 5


def test_half_of_a_sample_may_judge() -> None:
    judged = np.arange(1000) < 200
    patients = [f"p{row // 2}" for row in range(1000)]
    rows = sample_judged(patients, judged, 100)
    assert (len(rows), int(judged[rows].sum())) == (100, 50)
    assert (np.diff(rows) > 0).all()
    assert [patients.count(f"p{row // 2}") for row in rows] == [2] * 100
    few = sample_judged(patients, np.arange(1000) < 20, 100)
    assert int((few < 20).sum()) == 20


@pytest.mark.parametrize("judged", [np.ones(50, bool), np.zeros(50, bool)])
def test_where_all_are_alike_all_are_drawn_from(judged: np.ndarray) -> None:
    rows = sample_judged([""] * 50, judged, 20)
    assert len(rows) == 20
    assert rows.max() > 25


def test_scores_are_of_weights_that_sum_to_1() -> None:
    evidence = clusters(6)
    found = evidence.similarity({"colour": 2, "edge": 0, "embedding": 6, "text": 9})
    blocks = evidence.blocks
    wanted = 0.25 * blocks["colour"] @ blocks["colour"].T
    wanted += 0.75 * blocks["embedding"] @ blocks["embedding"].T
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    np.testing.assert_allclose(np.diag(found), 1, atol=1e-6)
