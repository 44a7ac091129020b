"""Several findings a film, on numbers that one can count, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from models.measures import findings
from models.measures.findings import NamedFindings

TOLD = NamedFindings(
    names=("a", "b"),
    scores=np.array([[0.9, 0.1], [0.8, 0.6], [0.3, 0.7], [0.2, 0.4], [0.5, 0.5]]),
    said=np.array([[1, 0], [1, 1], [0, 1], [0, 0], [1, 1]], bool),
    truth=np.array([[1, 0], [0, 1], [1, 0], [0, 0], [np.nan, 1]]),
    groups=("p", "p", "q", "r", "s"),
)


def test_five_films() -> None:
    told = findings.report(TOLD)
    first, second = told["findings"]
    assert (first["films"], first["present"], first["said"]) == (4, 2, 2)
    assert first["precision"]["value"] == pytest.approx(1 / 2)
    assert first["recall"]["value"] == pytest.approx(1 / 2)
    assert first["auc"]["value"] == pytest.approx(3 / 4)
    assert (second["films"], second["present"], second["said"]) == (5, 2, 3)
    assert second["precision"]["value"] == pytest.approx(2 / 3)
    assert second["recall"]["value"] == 1.0
    assert second["auc"]["value"] == pytest.approx(4 / 6)
    assert told["macro_precision"]["value"] == pytest.approx(7 / 12)
    assert told["macro_recall"]["value"] == pytest.approx(3 / 4)
    assert told["micro_precision"]["value"] == pytest.approx(3 / 5)
    assert told["micro_recall"]["value"] == pytest.approx(3 / 4)
    assert told["macro_auc"]["value"] == pytest.approx((3 / 4 + 4 / 6) / 2)


def test_as_scikit_learn_says() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((80, 3)) < 0.4).astype(np.float64)
    scores = np.round(rng.random((80, 3)) + truth / 3, 1)
    told = NamedFindings(("a", "b", "c"), scores, scores > 0.7, truth, tuple(map(str, range(80))))
    found = findings.report(told)
    for average in ("macro", "micro"):
        arguments = (truth, scores > 0.7)
        precision = metrics.precision_score(*arguments, average=average)
        recall = metrics.recall_score(*arguments, average=average)
        assert found[f"{average}_precision"]["value"] == pytest.approx(precision)
        assert found[f"{average}_recall"]["value"] == pytest.approx(recall)
    assert found["macro_auc"]["value"] == pytest.approx(metrics.roc_auc_score(truth, scores))
    auc = found["findings"][0]["auc"]
    assert auc["low"] < auc["value"] < auc["high"]


def test_a_finding_that_no_film_has_is_not_in_the_mean() -> None:
    nobody = np.column_stack([TOLD.truth[:, 1], np.zeros(5)])
    said = np.column_stack([TOLD.said[:, 1], np.ones(5, bool)])
    told = findings.report(NamedFindings(("b", "c"), TOLD.scores, said, nobody, TOLD.groups))
    assert told["findings"][1]["precision"]["value"] == 0.0
    assert told["macro_precision"]["value"] == pytest.approx(2 / 3)


def test_what_cannot_be_told_is_null() -> None:
    nothing = np.zeros((2, 1))
    told = findings.report(
        NamedFindings(("a",), nothing + np.nan, nothing > 0, nothing, ("p", "q"))
    )
    (one,) = told["findings"]
    assert [one[name]["value"] for name in ("precision", "recall", "auc")] == [None] * 3
    assert told["macro_auc"]["value"] is None
    empty = findings.report(NamedFindings(("a",), nothing[:0], nothing[:0] > 0, nothing[:0], ()))
    assert empty["findings"][0]["films"] == 0 and empty["micro_recall"]["value"] is None
