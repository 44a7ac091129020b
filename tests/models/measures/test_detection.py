"""Telling strange scans from familiar ones, by hand."""

import numpy as np
import pytest

from models.measures.detection import detect


def test_by_hand() -> None:
    found = detect(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0.4, 0.8, 1.0]))
    assert found.auroc == pytest.approx(10 / 12)
    assert found.fpr_at_95_tpr == 0.25  # from 0.4 on
    assert (found.familiar, found.strange) == (4, 3)


def test_twenty_in_one_may_be_missed() -> None:
    strange = np.append(np.full(99, 1.0), 0.0)
    assert detect(np.full(10, 0.5), strange).fpr_at_95_tpr == 0


@pytest.mark.parametrize(("familiar", "strange"), [(0, 3), (3, 0), (0, 0)])
def test_one_side_only(familiar: int, strange: int) -> None:
    found = detect(np.ones(familiar), np.ones(strange))
    assert found.to_json() == {
        **{"familiar": familiar, "strange": strange},
        **{"auroc": None, "fpr_at_95_tpr": None},
    }
