"""Precision of what is found, with a patient never answering for himself."""

import numpy as np
import pytest

from models.measures.retrieval import Asked, precision


def asked(vectors: list[list[float]], labels: list[int], patients: list[int]) -> Asked:
    return Asked(np.array(vectors, np.float32), np.array(labels), np.array(patients))


def test_from_queries_to_an_archive() -> None:
    """The query's nearest are a, b, a: average precision (1 + 2 / 3) / 2."""
    archive = asked([[9, 1], [5, 5], [1, 9]], [0, 1, 0], [1, 2, 3])
    found = precision(asked([[1, 0]], [0], [4]), archive)
    assert found.at_1 == 1.0
    assert found.at_5 == pytest.approx(2 / 3)
    assert found.mean_average == pytest.approx(5 / 6)


def test_length_does_not_count() -> None:
    archive = asked([[0.01, 0.0], [100, 100]], [0, 1], [1, 2])
    assert precision(asked([[1, 0]], [0], [3]), archive).at_1 == 1.0


def test_the_same_patient_never_answers() -> None:
    """Without patient 1's own film, patient 2's comes first; patient 3 has no other of his kind."""
    films = asked([[1, 0], [1, 0.1], [0, 1], [0.4, 1]], [0, 0, 0, 1], [1, 1, 2, 3])
    found = precision(films, films)
    # 1 (twice) meets 3's b, then 2's a: 0, 1/2; 2 meets 3's b, then both films of 1: 0, (1/2+2/3)/2
    assert found.at_1 == 0.0
    assert found.mean_average == pytest.approx((0.5 + 0.5 + (1 / 2 + 2 / 3) / 2) / 3)


def test_nobody_of_the_kind() -> None:
    found = precision(asked([[1, 0]], [0], [1]), asked([[1, 0]], [1], [2]))
    assert np.isnan([found.at_1, found.at_5, found.mean_average]).all()
