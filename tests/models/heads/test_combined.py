"""The head as a whole: fitted on an archive, asked about new cases, and what small ones lack."""

from dataclasses import replace

import numpy as np
import pytest

from models.heads import DiagnosisHead, combined
from models.heads.combined import LINEAR, VOTE, CombinedHead, spread
from models.heads.evidence import Evidence
from models.heads.neighbours import NeighbourVote
from tests.models.heads.archives import WEIGHTS, clusters


@pytest.fixture(scope="module")
def archive() -> Evidence:
    return clusters(400)


@pytest.fixture(scope="module")
def head(archive: Evidence) -> CombinedHead:
    return combined.fit(archive, WEIGHTS)


def asked(head: CombinedHead, archive: Evidence, new: Evidence) -> np.ndarray:
    """What the head says of each new case: (n, C)."""
    given = [weight * new.blocks[n] @ archive.blocks[n].T for n, weight in WEIGHTS.items()]
    scores = np.sum(given, axis=0).astype(np.float32)
    found = []
    for row in range(len(new)):
        near = np.argsort(-scores[row])[: head.k]
        features = {name: block[row] for name, block in new.blocks.items()}
        told = head.probabilities(scores[row][near], [archive.labels[at] for at in near], features)
        assert sum(told.values()) == pytest.approx(1)
        found.append([told[name] for name in head.classes])
    return np.array(found)


def test_it_is_better_than_its_parts_and_calibrated(head: CombinedHead, archive: Evidence) -> None:
    new = clusters(600, seed=1)
    found = asked(head, archive, new)
    assert head.linear is not None
    linear = head.linear.probabilities(new.blocks)
    vote = asked(CombinedHead(head.vote), archive, new)
    rows = np.arange(600)
    losses = [-np.log(one[rows, new.truth]).mean() for one in (found, linear, vote)]
    assert losses[0] < min(losses[1:]) + 0.01
    top, right = found.max(axis=1), found.argmax(axis=1) == new.truth
    assert abs(top.mean() - right.mean()) < 0.04
    assert head.calibration is not None
    assert head.calibration.accuracy == pytest.approx(right.mean(), abs=0.06)


def test_its_sets_hold_nine_tenths_of_each_label(head: CombinedHead, archive: Evidence) -> None:
    new = clusters(900, seed=2)
    found = asked(head, archive, new)
    assert head.sets is not None
    told = [dict(zip(head.classes, one, strict=True)) for one in found.tolist()]
    held = [label in head.sets.of(t, 0.9) for t, label in zip(told, new.labels, strict=True)]
    for label in "abc":
        of_label = [one for one, name in zip(held, new.labels, strict=True) if name == label]
        assert np.mean(of_label) == pytest.approx(0.9, abs=0.05)


def test_it_is_the_same_every_time(head: CombinedHead, archive: Evidence) -> None:
    again = combined.fit(archive, WEIGHTS)
    assert (again.pool, again.sets, again.calibration) == (head.pool, head.sets, head.calibration)
    one: DiagnosisHead = head
    assert one.classes == ("a", "b", "c")
    assert list(one.shares) == ["a", "b", "c"]


def test_without_features_the_vote_speaks_alone(head: CombinedHead) -> None:
    scores, labels = np.full(3, 0.5, np.float32), ["a", "a", "b"]
    assert head.probabilities(scores, labels) == head.vote.probabilities(scores, labels)


def test_an_encoder_that_has_seen_the_archive_is_judged_on_what_it_has_not() -> None:
    """Seen films have perfect embeddings: judged by them, the head would be far too sure."""
    archive = clusters(500, noise=2.0, films=1)
    seen = np.arange(500) < 300
    block = archive.blocks["embedding"].copy()
    block[seen] = np.eye(12, dtype=np.float32)[archive.truth[seen]]
    known = replace(archive, blocks={**archive.blocks, "embedding": block})
    new = clusters(600, noise=2.0, films=1, seed=1)
    gaps, losses = [], []
    for judged in (np.ones(500, bool), ~seen):
        evidence = replace(known, judged=judged)
        found = asked(combined.fit(evidence, WEIGHTS), evidence, new)
        right = found.argmax(axis=1) == new.truth
        gaps.append(abs(float(found.max(axis=1).mean() - right.mean())))
        losses.append(float(-np.log(found[np.arange(600), new.truth]).mean()))
    assert gaps[1] < 0.05 < gaps[0]
    assert losses[1] < losses[0]


def test_nothing_can_be_judged_where_the_encoder_has_seen_nearly_all() -> None:
    archive = replace(clusters(200), judged=np.arange(200) < 19)
    head = combined.fit(archive, WEIGHTS)
    assert (head.linear, head.pool, head.sets, head.novelty, head.calibration) == (None,) * 5
    assert head.note == (
        "the encoder was trained on all but 19 of the labelled cases; it takes 20 that it has not "
        "seen, of two labels, to fit and check probabilities"
    )


@pytest.mark.parametrize("count", [0, 1, 2, 19])
def test_a_small_archive_has_the_vote_alone(count: int) -> None:
    evidence = clusters(19).rows(np.arange(count))
    head = combined.fit(evidence, WEIGHTS)
    assert (head.linear, head.pool, head.sets, head.novelty, head.calibration) == (None,) * 5
    assert head.note.startswith(f"the archive has {count} labelled cases of ")
    assert head.vote == NeighbourVote(head.vote.prior)


def test_one_label_and_one_patient() -> None:
    evidence = clusters(60)
    alone = combined.fit(replace(evidence, labels=("a",) * 60), WEIGHTS)
    assert (alone.classes, alone.pool) == (("a",), None)
    of_one = combined.fit(replace(evidence, patients=("p",) * 60), WEIGHTS)
    assert of_one.pool is None
    assert of_one.classes == ("a", "b", "c")


def test_a_label_of_one_patient_keeps_its_share() -> None:
    evidence = clusters(200)
    labels = ("rare", "rare", *evidence.labels[2:])
    head = combined.fit(replace(evidence, labels=labels), WEIGHTS)
    assert head.linear is not None
    assert head.linear.classes == ("a", "b", "c")
    assert head.classes == ("a", "b", "c", "rare")
    found = asked(head, evidence, clusters(5, seed=1))
    assert (found[:, 3] > 0).all()
    assert (found[:, 3] < 0.2).all()


def test_labels_that_the_sample_missed_are_known() -> None:
    evidence = clusters(100)
    head = combined.fit(evidence, WEIGHTS, archive=[*evidence.labels, "late"])
    assert head.classes == ("a", "b", "c", "late")
    assert asked(head, evidence, clusters(3, seed=1)).shape == (3, 4)


def test_where_no_label_has_patients_enough_the_vote_is_calibrated_alone() -> None:
    evidence = replace(clusters(24), patients=tuple(f"p{row // 6}" for row in range(24)))
    many = replace(evidence, labels=tuple(f"d{row // 3}" for row in range(24)))
    head = combined.fit(replace(many, patients=("",) * 24), WEIGHTS)
    assert head.linear is None
    assert head.pool is not None
    assert set(head.pool.weights) == {VOTE}


def test_a_large_archive_is_fitted_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combined, "CAP", 120)
    head = combined.fit(clusters(400), WEIGHTS)
    assert head.calibration is not None
    assert head.calibration.cases == 120
    assert head.pool is not None
    assert set(head.pool.weights) == {VOTE, LINEAR}


def test_what_some_labels_share_is_spread_over_all() -> None:
    known = np.array([[0.25, 0.75]])
    prior = {"a": 0.4, "b": 0.2, "c": 0.3, "d": 0.1}
    found = spread(known, ("a", "c"), prior)
    np.testing.assert_allclose(found, [[0.25 * 0.7, 0.2, 0.75 * 0.7, 0.1]])
