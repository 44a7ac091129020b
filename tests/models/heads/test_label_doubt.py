"""Labels that nothing supports are found among labels that everything supports."""

import numpy as np
import pytest

from models.arrays import FloatImage
from models.heads.label_doubt import ALL_OF, Doubts, doubts, enough
from models.heads.leave_out import Indices

EACH = 60


def two_groups() -> tuple[FloatImage, Indices]:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((2 * EACH, 20)) * 0.4
    labels = np.repeat([0, 1], EACH).astype(np.intp)
    vectors[np.arange(2 * EACH), labels] += 3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels


def nearest(vectors: FloatImage, patients: Indices) -> Indices:
    alike = vectors @ vectors.T
    alike[patients[:, None] == patients] = -np.inf
    near = np.argsort(-alike, axis=1, kind="stable")[:, :30]
    return np.where(np.isfinite(np.take_along_axis(alike, near, axis=1)), near, -1)


def told(labels: Indices, patients: Indices) -> Doubts:
    vectors, _ = two_groups()
    return doubts(vectors, labels, patients, nearest(vectors, patients))


def test_swapped_labels_are_doubted_and_others_are_not() -> None:
    _, labels = two_groups()
    wrong = [3, 70]
    labels[wrong] = 1 - labels[wrong]
    found = told(labels, np.arange(2 * EACH))
    assert np.flatnonzero(found.doubted).tolist() == wrong
    assert sorted(np.argsort(-found.doubt)[:2].tolist()) == wrong
    assert found.instead[wrong].tolist() == [0, 1]
    assert found.doubt.dtype == np.float32


def test_nothing_is_doubted_where_all_is_well() -> None:
    _, labels = two_groups()
    assert not told(labels, np.arange(2 * EACH)).doubted.any()


def test_a_patients_own_films_do_not_speak_for_his_label() -> None:
    _, labels = two_groups()
    labels[:8] = 1  # eight films of one patient, all labelled wrongly
    patients = np.concatenate([np.zeros(8, np.intp), np.arange(1, 2 * EACH - 7)])
    found = told(labels, patients)
    assert found.doubted[:8].sum() >= 6
    assert not found.doubted[8:].any()


def test_few_neighbours_leave_no_doubt() -> None:
    vectors, labels = two_groups()
    labels[3] = 1
    near = nearest(vectors, np.arange(2 * EACH))
    near[3, ALL_OF - 1 :] = -1
    assert not doubts(vectors, labels, np.arange(2 * EACH), near).doubted[3]


@pytest.mark.parametrize(
    ("labels", "patients", "expected"),
    [
        ([0, 1] * 20, range(40), True),
        ([0, 1] * 19, range(38), False),  # too few
        ([0] * 50, range(50), False),  # one label
        ([0, 1] * 20, [n // 10 for n in range(40)], False),  # four patients
        ([], [], False),
    ],
)
def test_how_many_are_enough(labels: list[int], patients: list[int], expected: bool) -> None:
    assert enough(np.array(labels, np.intp), np.array(list(patients), np.intp)) is expected
