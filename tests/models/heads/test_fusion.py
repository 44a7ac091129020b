"""Learned weights: they find the block that tells, and stay put where nothing can be learned."""

import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.arrays import FloatImage
from models.errors import IndexDamaged
from models.heads import fusion
from models.heads.fusion import CAP, DEFAULT_WEIGHTS, FEWEST, FusionWeights


def block(truth: NDArray[Any], noise: float, seed: int) -> FloatImage:
    """Similarities (n, n) of unit vectors around one direction a label, with this much noise."""
    random = np.random.default_rng(seed)
    vectors = np.eye(8)[truth.astype(int)] + noise * random.standard_normal((len(truth), 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity: FloatImage = (vectors @ vectors.T).astype(np.float32)
    return similarity


def archive(
    noises: dict[str, float], n: int = 120
) -> tuple[dict[str, FloatImage], list[str], list[str]]:
    truth = np.random.default_rng(9).integers(0, 3, n)
    blocks = {name: block(truth, noise, seed) for seed, (name, noise) in enumerate(noises.items())}
    return blocks, [f"d{t}" for t in truth], [f"p{row}" for row in range(n)]


def test_the_defaults_sum_to_1() -> None:
    assert sum(DEFAULT_WEIGHTS.values()) == pytest.approx(1)
    assert FusionWeights.default(["colour", "edge", "embedding", "text"]).weights == DEFAULT_WEIGHTS


@pytest.mark.parametrize("telling", ["colour", "edge", "embedding"])
def test_the_block_that_tells_gets_the_weight(telling: str) -> None:
    noises = dict.fromkeys(("colour", "edge", "embedding"), 20.0) | {telling: 0.5}
    fitted = FusionWeights.fit(*archive(noises))
    assert fitted.learned
    assert max(fitted.weights, key=lambda name: fitted.weights[name]) == telling
    assert fitted.weights[telling] > 0.8
    assert sum(fitted.weights.values()) == pytest.approx(1)
    assert min(fitted.weights.values()) >= 0


def test_two_halves_of_the_truth_are_used_together() -> None:
    """One block tells label 0 from the others, the other tells label 2: neither is enough."""
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 150)
    blocks = {"colour": block(truth == 0, 0.5, 1), "edge": block(truth == 2, 0.5, 2)}
    labels, groups = [f"d{t}" for t in truth], [f"p{row}" for row in range(150)]
    fitted = FusionWeights.fit(blocks, labels, groups)
    assert 0.3 < fitted.weights["colour"] < 0.7
    for name in blocks:
        alone = FusionWeights.fit({name: blocks[name], "none": 0 * blocks[name]}, labels, groups)
        assert fitted.mean_average_precision > alone.mean_average_precision + 0.05


def test_the_text_keeps_its_weight_however_well_it_tells() -> None:
    fitted = FusionWeights.fit(
        *archive({"colour": 3.0, "edge": 3.0, "embedding": 1.0, "text": 0.01})
    )
    assert fitted.learned
    assert fitted.weights["text"] == pytest.approx(DEFAULT_WEIGHTS["text"])
    assert sum(fitted.weights.values()) == pytest.approx(1)
    other = FusionWeights.fit(
        *archive({"colour": 3.0, "edge": 3.0, "embedding": 1.0, "text": 30.0})
    )
    assert other.weights == fitted.weights


def test_a_perfect_block_reaches_1() -> None:
    fitted = FusionWeights.fit(*archive({"edge": 0.0, "colour": 0.0}))
    assert fitted.mean_average_precision == pytest.approx(1.0)


def test_ties_do_not_count_for_it() -> None:
    """All scores equal, labels half and half: no order is better than the worst one."""
    same = np.ones((40, 40), np.float32)
    groups = [f"p{row}" for row in range(40)]
    fitted = FusionWeights.fit({"colour": same, "edge": same}, ["a", "b"] * 20, groups)
    worst = np.mean([rank / (20 + rank) for rank in range(1, 20)])
    assert fitted.mean_average_precision == pytest.approx(worst, abs=1e-5)


def test_a_patients_own_films_teach_nothing() -> None:
    """A block that only knows the patient would be perfect if he could answer for himself."""
    patients = np.repeat(np.arange(40), 2)
    directions = np.random.default_rng(1).standard_normal((40, 64))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    knows_patient = (directions @ directions.T).astype(np.float32)[patients][:, patients]
    truth = np.repeat(np.random.default_rng(0).integers(0, 2, 40), 2)
    blocks = {"colour": knows_patient, "edge": block(truth, 1.0, 3)}
    labels = [f"d{t}" for t in truth]
    fair = FusionWeights.fit(blocks, labels, [f"p{p}" for p in patients])
    fooled = FusionWeights.fit(blocks, labels, [""] * 80)
    assert fair.weights["edge"] > 0.7
    assert fooled.weights["edge"] < fair.weights["edge"]
    assert fooled.mean_average_precision > fair.mean_average_precision


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["a", "b"] * 9 + [""] * 30, ("colour", "edge")),  # too few labelled
        (["a"] * 48, ("colour", "edge")),  # one label
        ([""] * 48, ("colour", "edge")),  # none
        (["a", "b"] * 24, ("colour", "text")),  # nothing to weigh the picture's block against
    ],
)
def test_where_nothing_can_be_learned_the_defaults_stay(
    labels: list[str], names: tuple[str, ...]
) -> None:
    assert FEWEST == 20
    random = np.random.default_rng(0).random((48, 48), dtype=np.float32)
    fitted = FusionWeights.fit({name: random for name in names}, labels, [""] * 48)
    assert fitted == FusionWeights.default(names)
    assert not fitted.learned


def test_labels_that_only_one_patient_has_are_not_asked() -> None:
    same = np.eye(24, dtype=np.float32)
    labels = [f"only{row}" for row in range(24)]
    fitted = FusionWeights.fit({"colour": same, "edge": same}, labels, labels)
    assert fitted.mean_average_precision == 0
    assert sum(fitted.weights.values()) == pytest.approx(1)


def test_it_is_the_same_every_time_also_where_a_sample_is_drawn() -> None:
    given = archive({"colour": 2.0, "edge": 2.5}, CAP + 50)
    assert FusionWeights.fit(*given) == FusionWeights.fit(*given)


def test_weights_that_were_rounded_on_the_way_can_be_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fusion, "_search", lambda start, measure: (0.266667, 0.166667, 0.566667))
    fitted = FusionWeights.fit(*archive({"colour": 2.0, "edge": 2.0, "embedding": 2.0}))
    assert FusionWeights.from_json(fitted.to_json()) == fitted
    assert sum(fitted.weights.values()) == pytest.approx(1, abs=1e-12)


def test_it_comes_back_from_json() -> None:
    fitted = FusionWeights.fit(*archive({"colour": 2.0, "edge": 1.0, "text": 1.0}))
    assert FusionWeights.from_json(fitted.to_json()) == fitted


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"weights": []}'])
def test_damaged_json_is_said(text: str) -> None:
    with pytest.raises(IndexDamaged, match="fusion weights"):
        FusionWeights.from_json(text)


@pytest.mark.parametrize("weights", [{"a": 0.5}, {"a": 1.5, "b": -0.5}, {}])
def test_weights_that_are_none_are_said(weights: dict[str, float]) -> None:
    text = json.dumps({"weights": weights, "learned": True, "mean_average_precision": 0.5})
    with pytest.raises(IndexDamaged, match="at least 0 and sum to 1"):
        FusionWeights.from_json(text)
