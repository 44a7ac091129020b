"""Confusion, precision, recall and AUC: by hand, beside scikit-learn, and at their edges."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from models.measures import classification, weighted
from models.measures.predictions import Predictions

ABC = ("a", "b", "c")


def said(*rows: tuple[str, float, float, float]) -> Predictions:
    """True label and probabilities of a, b and c; every film is of a patient of its own."""
    told = np.array([row[1:] for row in rows]).reshape(-1, 3)
    return Predictions.of(ABC, told, [row[0] for row in rows], [""] * len(rows))


def drawn(count: int, seed: int = 0) -> Predictions:
    random = np.random.default_rng(seed)
    truth = random.integers(0, 3, count)
    odds = np.round(random.standard_normal((count, 3)), 1) + np.eye(3)[truth] + [0, 0.01, 0.03]
    told = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
    return Predictions.of(ABC, told, ["abc"[at] for at in truth], [""] * count)


FOUR = said(("a", 0.7, 0.2, 0.1), ("a", 0.4, 0.5, 0.1), ("b", 0.3, 0.6, 0.1), ("c", 0.5, 0.2, 0.3))


def test_by_hand() -> None:
    found = classification.report(FOUR)
    assert found.confusion == ((1, 1, 0), (0, 1, 0), (1, 0, 0))
    assert (found.accuracy, found.micro_f1) == (0.5, 0.5)
    assert found.balanced_accuracy == pytest.approx((0.5 + 1 + 0) / 3)
    a, b, c = found.classes
    assert (a.support, a.precision, a.recall, a.f1) == (2, 0.5, 0.5, 0.5)
    assert (b.support, b.precision, b.recall) == (1, 0.5, 1.0)
    assert b.f1 == pytest.approx(2 / 3)
    assert (c.support, c.recall, c.f1) == (1, 0.0, 0.0)
    assert math.isnan(c.precision)
    assert [one.auc for one in found.classes] == [0.75, 1.0, 1.0]
    assert found.macro_auc == pytest.approx(2.75 / 3)
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3) / 3)


def test_scikit_learn_agrees() -> None:
    many = drawn(300)
    found = classification.report(many)
    named = many.chosen
    assert found.accuracy == metrics.accuracy_score(many.truth, named)
    assert found.balanced_accuracy == pytest.approx(
        metrics.balanced_accuracy_score(many.truth, named)
    )
    assert found.macro_f1 == pytest.approx(metrics.f1_score(many.truth, named, average="macro"))
    wanted = metrics.roc_auc_score(many.truth, many.probabilities, multi_class="ovr")
    assert found.macro_auc == pytest.approx(wanted)
    assert np.array_equal(found.confusion, metrics.confusion_matrix(many.truth, named))


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 3)), max_size=30))
def test_a_weight_is_as_many_films(films: list[tuple[int, bool, int]]) -> None:
    scores = np.array([film[0] for film in films], float)
    positive = np.array([film[1] for film in films], bool)
    often = np.array([film[2] for film in films], int)
    found = weighted.auc(scores, positive, often[None].astype(float))[0]
    repeated = np.repeat(positive, often)
    if repeated.all() or not repeated.any():
        assert math.isnan(found)
    else:
        assert found == pytest.approx(metrics.roc_auc_score(repeated, np.repeat(scores, often)))


def test_the_order_of_classes_and_films_does_not_matter() -> None:
    many = drawn(100)
    films = np.random.default_rng(1).permutation(100)
    labels = [ABC[at] for at in many.truth[films]]
    turned = Predictions.of(
        ("c", "a", "b"), many.probabilities[films][:, [2, 0, 1]], labels, [""] * 100
    )
    one, other = classification.report(many), classification.report(turned)
    assert other.accuracy == one.accuracy
    assert other.macro_auc == pytest.approx(one.macro_auc)
    assert other.classes[1].recall == one.classes[0].recall


def test_between_two_classes_probabilities_are_scaled_again() -> None:
    pair = said(("a", 0.2, 0.6, 0.2), ("b", 0.0, 0.0, 1.0), ("c", 0.9, 0.1, 0.0)).between("b", "a")
    assert pair.classes == ("b", "a")
    assert pair.truth.tolist() == [1, 0]
    np.testing.assert_allclose(pair.probabilities, [[0.75, 0.25], [0.5, 0.5]])
    assert len(pair.between("a")) == 1


def test_a_class_that_is_absent_is_left_out_of_means() -> None:
    found = classification.report(FOUR.where(np.array([True, True, True, False])))
    assert math.isnan(found.classes[2].recall)
    assert math.isnan(found.classes[2].auc)
    assert found.balanced_accuracy == 0.75
    told = found.to_json()
    assert told["classes"][2] == {
        **{"name": "c", "support": 0, "precision": None, "recall": None, "f1": None, "auc": None}
    }
    assert "NaN" not in json.dumps(told, allow_nan=False)


@pytest.mark.parametrize("rows", [0, 1])
def test_no_film_and_one_class_only(rows: int) -> None:
    found = classification.report(FOUR.where(np.arange(4) < rows))
    assert math.isnan(found.macro_auc)
    assert found.to_json()["macro_auc"] is None
    assert math.isnan(found.accuracy) == (rows == 0)


@pytest.mark.parametrize(
    ("told", "labels", "match"),
    [
        ([[0.5, 0.5]], ["a"], "are \\(1, 2\\)"),
        ([[0.5, 0.2, 0.2]], ["a"], "sum to 1"),
        ([[1.5, -0.5, 0.0]], ["a"], "at least 0"),
        ([[math.nan, 0.5, 0.5]], ["a"], "at least 0"),
        ([[1.0, 0.0, 0.0]], ["z"], "1 labels are not among"),
        ([[1.0, 0.0, 0.0]], ["a", "b"], "for 2 labels"),
    ],
)
def test_what_does_not_fit_is_refused(
    told: list[list[float]], labels: list[str], match: str
) -> None:
    with pytest.raises(ValueError, match=match):
        Predictions.of(ABC, np.array(told), labels, [""] * len(labels))
    with pytest.raises(ValueError, match="twice"):
        Predictions.of(("a", "a"), np.array([[0.5, 0.5]]), ["a"], [""])


def test_six_films() -> None:
    chosen = np.eye(3)[[0, 0, 1, 1, 1, 2]]
    told = Predictions.of(ABC, chosen, ["a", "b", "b", "b", "c", "c"], ["p"] * 3 + ["q"] * 3)
    found = classification.report(told)
    assert found.confusion == ((1, 0, 0), (1, 2, 0), (0, 1, 1))
    assert found.accuracy == pytest.approx(4 / 6)
    assert [one.precision for one in found.classes] == pytest.approx([1 / 2, 2 / 3, 1])
    assert [one.recall for one in found.classes] == pytest.approx([1, 2 / 3, 1 / 2])
    assert [one.f1 for one in found.classes] == pytest.approx([2 / 3, 2 / 3, 2 / 3])
    assert found.balanced_accuracy == pytest.approx((1 + 2 / 3 + 1 / 2) / 3)


@pytest.mark.parametrize("seed", range(5))
def test_as_scikit_learn_has_them(seed: int) -> None:
    told = drawn(100, seed)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(told.truth, told.chosen)
    np.testing.assert_allclose(classification.precisions(told)[0], precision)
    np.testing.assert_allclose(classification.recalls(told)[0], recall)
    np.testing.assert_allclose(classification.f1_of_classes(told)[0], f1)
    assert classification.macro_auc(told)[0] == pytest.approx(
        metrics.roc_auc_score(told.truth, told.probabilities, multi_class="ovr")
    )
