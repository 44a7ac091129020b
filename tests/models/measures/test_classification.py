"""Figures of a classifier, on six films that one can count, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from models.measures import classification
from models.measures.intervals import difference, interval
from models.measures.predictions import Predictions

CLASSES = ("a", "b", "c")


def drawn(seed: int, count: int = 60) -> Predictions:
    rng = np.random.default_rng(seed)
    raw = rng.random((count, 3)) + np.eye(3)[rng.integers(0, 3, count)]
    labels = [CLASSES[place] for place in rng.integers(0, 3, count)]
    patients = [f"p{number // 2}" for number in range(count)]
    return Predictions.of(CLASSES, raw / raw.sum(axis=1, keepdims=True), labels, patients)


def test_six_films() -> None:
    chosen = np.eye(3)[[0, 0, 1, 1, 1, 2]]
    told = Predictions.of(CLASSES, chosen, ["a", "b", "b", "b", "c", "c"], ["p"] * 3 + ["q"] * 3)
    found = classification.report(told)
    assert found.confusion == ((1, 0, 0), (1, 2, 0), (0, 1, 1))
    assert found.accuracy == pytest.approx(4 / 6)
    assert [one.precision for one in found.classes] == pytest.approx([1 / 2, 2 / 3, 1])
    assert [one.recall for one in found.classes] == pytest.approx([1, 2 / 3, 1 / 2])
    assert [one.f1 for one in found.classes] == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert found.balanced_accuracy == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)


@pytest.mark.parametrize("seed", range(5))
def test_as_scikit_learn_has_them(seed: int) -> None:
    told = drawn(seed)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(told.truth, told.chosen)
    np.testing.assert_allclose(classification.precisions(told)[0], precision)
    np.testing.assert_allclose(classification.recalls(told)[0], recall)
    np.testing.assert_allclose(classification.f1_of_classes(told)[0], f1)
    assert classification.macro_auc(told)[0] == pytest.approx(
        metrics.roc_auc_score(told.truth, told.probabilities, multi_class="ovr")
    )


def test_a_class_that_does_not_occur_does_not_count() -> None:
    told = drawn(0)
    some = told.where(told.truth != 2)
    assert np.isnan(classification.recalls(some)[0, 2])
    both = classification.recalls(some)[0, :2].mean()
    assert classification.balanced_accuracy(some)[0] == pytest.approx(both)
    assert classification.report(some).to_json()["classes"][2]["recall"] is None


def test_patients_are_drawn_and_not_films() -> None:
    """Twice the films of the same patients say no more than once."""
    told = drawn(1, 40)
    twice = Predictions(
        CLASSES,
        np.concatenate([told.probabilities] * 2),
        np.concatenate([told.truth] * 2),
        told.groups * 2,
    )
    once = interval(classification.accuracy, told)
    again = interval(classification.accuracy, twice)
    assert (once.low, once.high) == pytest.approx((again.low, again.high))
    assert once.low < once.value < once.high


def test_the_same_system_does_not_differ_from_itself() -> None:
    told = drawn(2)
    none = difference(classification.macro_auc, told, told)
    assert (none.value, none.low, none.high) == (0, 0, 0)
    with pytest.raises(ValueError, match="not asked about the same films"):
        difference(classification.macro_auc, told, drawn(3))
