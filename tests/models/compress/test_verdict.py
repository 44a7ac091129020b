"""What is refused, and the sentence that says why."""

from dataclasses import replace

import numpy as np
import pytest

from models.compress.contract import Form, Measured
from models.compress.verdict import coarseness, refusal
from models.measures.speed import Cost
from models.runtime import EncoderSpec

SPEC = EncoderSpec(
    name="enc",
    file="",
    sha256="",
    size=64,
    mean=(0.0,) * 3,
    std=(1.0,) * 3,
    licence="",
    source="",
    dim=8,
)
BEFORE = Measured(3.5, 1000, Cost(10.0, 9.0), {"AUC": 0.95, "P@1": 0.80})


def verdict(limit: float = 0.01, **right: float) -> str:
    after = replace(BEFORE, right={**BEFORE.right, **right})
    return refusal(Form(SPEC, b""), "int8", BEFORE, after, limit)


def test_a_loss_within_the_limit_is_kept() -> None:
    assert verdict(AUC=0.94, **{"P@1": 0.795}) == ""
    assert verdict(AUC=0.99) == ""


def test_a_gain_elsewhere_makes_up_for_nothing() -> None:
    said = verdict(AUC=0.99, **{"P@1": 0.7891})
    assert said == (
        "'enc', int8, is refused and not written: it loses 0.0109 of P@1 (0.8000 before, 0.7891 "
        "after), and the limit is 0.01. Take a milder method, measure on more films, or allow more "
        "with --limit"
    )


def test_the_largest_loss_is_named() -> None:
    assert "loses 0.1500 of AUC" in verdict(AUC=0.8, **{"P@1": 0.78})


def test_what_can_no_longer_be_told_is_a_loss() -> None:
    assert "of AUC (0.9500 before, nan after)" in verdict(AUC=float("nan"))


def test_the_limit_can_be_none_or_all() -> None:
    assert "of AUC" in verdict(0.0, AUC=0.9499)
    assert verdict(0.0) == ""
    assert verdict(1.0, AUC=0.0) == ""


@pytest.mark.parametrize(
    ("kind", "labels", "said"),
    [
        ("classifier", [0] * 300 + [1] * 50, ""),
        ("classifier", [0] * 300 + [1] * 10, "one film counts for 0.050 of balanced accuracy"),
        ("encoder", [0] * 50, "one film counts for 0.020 of P@1"),
        ("encoder", [0] * 100, ""),
        ("segmenter", [0], ""),
    ],
)
def test_a_film_that_counts_for_more_than_the_limit(
    kind: str, labels: list[int], said: str
) -> None:
    found = coarseness(kind, np.array(labels), 0.01)
    assert found.startswith(said) and bool(found) == bool(said)
