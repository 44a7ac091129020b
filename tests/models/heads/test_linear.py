"""The linear part: the optimum, left out by patient, and what it does with rare labels."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.heads import linear
from models.heads.evidence import Evidence
from tests.models.heads.archives import clusters


def features(evidence: Evidence, names: tuple[str, ...]) -> np.ndarray:
    return np.hstack([evidence.blocks[name] for name in names])


def test_it_is_the_ridge_regression_that_another_program_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(linear, "RIDGES", (1e-2,))
    monkeypatch.setattr(linear, "BLOCK_SETS", (("embedding",),))
    evidence = clusters(240)
    found = linear.fit(evidence)
    assert found is not None
    vectors = features(evidence, ("embedding",)).astype(np.float64)
    centred = vectors - vectors.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=1).mean())
    other = LogisticRegression(C=1 / (1e-2 * 240), tol=1e-8, max_iter=1000)
    other.fit(centred / scale, evidence.labels)
    wanted = other.predict_proba(centred / scale)
    np.testing.assert_allclose(found[0].probabilities(evidence.blocks), wanted, atol=2e-3)


def test_the_blocks_that_tell_are_chosen_and_it_generalises() -> None:
    evidence = clusters(400, noise=0.6)
    found = linear.fit(evidence)
    assert found is not None
    part, left_out = found
    assert part.blocks == ("embedding",)
    fresh = clusters(400, noise=0.6, seed=1)
    right = [
        part.classes[at] == label
        for at, label in zip(
            part.probabilities(fresh.blocks).argmax(axis=1), fresh.labels, strict=True
        )
    ]
    told = (left_out.argmax(axis=1) == evidence.truth).mean()
    assert told == pytest.approx(np.mean(right), abs=0.06)
    assert told > 0.85


def test_what_is_left_out_has_not_been_seen() -> None:
    """Labels that only a patient's own second film tells: what looks like skill is none."""
    random = np.random.default_rng(0)
    vectors = np.repeat(random.standard_normal((100, 400)), 2, axis=0).astype(np.float32)
    labels = tuple(np.repeat(random.choice(["a", "b"], 100), 2).tolist())
    patients = tuple(f"p{row // 2}" for row in range(200))
    blocks = {name: vectors for name in ("colour", "edge", "embedding")}
    evidence = Evidence(blocks, labels, patients, np.ones(200, bool))
    fair, fooled = linear.fit(evidence), linear.fit(replace(evidence, patients=("",) * 200))
    assert fair is not None
    assert fooled is not None
    assert (fair[1].argmax(axis=1) == evidence.truth).mean() < 0.65
    assert (fooled[1].argmax(axis=1) == evidence.truth).mean() > 0.8  # the twin is in another fold


def test_only_judged_cases_choose() -> None:
    """An encoder that has learned its films by heart: stiff ridges look needless on those."""
    random = np.random.default_rng(0)
    evidence = clusters(200, noise=3.0, films=1)
    seen = np.arange(200) < 150
    block = evidence.blocks["embedding"].copy()
    block[seen] = np.eye(12, dtype=np.float32)[evidence.truth[seen]]
    block[seen] += 0.01 * random.standard_normal((150, 12)).astype(np.float32)
    blind = replace(evidence, blocks={**evidence.blocks, "embedding": block})
    told = replace(blind, judged=~seen)
    losses = []
    fresh = clusters(600, noise=3.0, films=1, seed=1)
    for one in (blind, told):
        found = linear.fit(one)
        assert found is not None
        given = found[0].probabilities(fresh.blocks)[np.arange(600), fresh.truth]
        losses.append(-np.log(given).mean())
    assert losses[1] < losses[0]


def test_a_label_of_few_patients_is_left_to_the_vote() -> None:
    evidence = clusters(90)
    labels = ("rare",) * 8 + evidence.labels[8:]
    found = linear.fit(replace(evidence, labels=labels))
    assert found is not None
    assert found[0].classes == ("a", "b", "c")
    assert linear.fit(replace(evidence, labels=("a",) * 90)) is None


def test_permuting_cases_and_labels_changes_nothing() -> None:
    evidence = clusters(120)
    part = linear.fit(evidence)
    order = np.random.default_rng(3).permutation(120)
    names = {"a": "z", "b": "y", "c": "x"}
    other = evidence.rows(order)
    turned = linear.fit(replace(other, labels=tuple(names[label] for label in other.labels)))
    assert part is not None
    assert turned is not None
    assert turned[0].classes == ("x", "y", "z")
    asked = clusters(50, seed=9)
    # The folds are others, so the ridge may be; what is said of new cases is nearly the same.
    np.testing.assert_allclose(
        turned[0].probabilities(asked.blocks)[:, ::-1],
        part[0].probabilities(asked.blocks),
        atol=0.1,
    )


def test_equal_pictures_can_be_fitted() -> None:
    evidence = clusters(60)
    same = {name: np.ones_like(block) for name, block in evidence.blocks.items()}
    found = linear.fit(replace(evidence, blocks=same))
    assert found is not None
    shares = [evidence.labels.count(label) / 60 for label in "abc"]
    np.testing.assert_allclose(found[0].probabilities(same)[0], shares, atol=0.02)
