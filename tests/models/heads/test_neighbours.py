"""The neighbour vote: by hand, at its edges, and fitted."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import IndexDamaged
from models.heads.neighbours import CAP, NeighbourVote

VOTE = NeighbourVote(
    {"normal": 0.75, "pneumonia": 0.25}, k=3, temperature=0.1, smoothing=2.0, reference=0.8
)


def scores_of(*scores: float) -> np.ndarray:
    return np.array(scores, np.float32)


def test_by_hand() -> None:
    found = VOTE.probabilities(scores_of(0.9, 0.8, 0.7), ["normal", "pneumonia", "pneumonia"])
    total = math.e + 1 + 1 / math.e + 2  # the three weights, and the prior as two neighbours
    assert found["normal"] == pytest.approx((math.e + 2 * 0.75) / total, abs=1e-6)
    assert found["pneumonia"] == pytest.approx((1 + 1 / math.e + 2 * 0.25) / total, abs=1e-6)


def test_only_the_nearest_k_vote_whatever_the_order() -> None:
    labels = ["pneumonia", "normal", "normal", "normal"]
    four = VOTE.probabilities(scores_of(0.1, 0.9, 0.8, 0.7), labels)
    assert four == VOTE.probabilities(scores_of(0.9, 0.8, 0.7), labels[1:])


def test_fewer_and_weaker_neighbours_leave_the_prior_as_it_is() -> None:
    near = VOTE.probabilities(scores_of(0.9, 0.9, 0.9), ["pneumonia"] * 3)["pneumonia"]
    one = VOTE.probabilities(scores_of(0.9), ["pneumonia"])["pneumonia"]
    far = VOTE.probabilities(scores_of(0.2, 0.2, 0.2), ["pneumonia"] * 3)["pneumonia"]
    assert near > one > far
    assert far == pytest.approx(0.25, abs=0.01)


def test_neighbours_without_a_known_label_have_no_vote() -> None:
    found = VOTE.probabilities(scores_of(1, 0.99, 0.98, 0.9), ["", "new", "", "pneumonia"])
    assert found == VOTE.probabilities(scores_of(0.9), ["pneumonia"])
    assert VOTE.probabilities(scores_of(1, 1), ["", ""]) == {"normal": 0.75, "pneumonia": 0.25}
    assert VOTE.probabilities(scores_of(), []) == {"normal": 0.75, "pneumonia": 0.25}


def test_an_archive_without_labels_has_no_probabilities() -> None:
    assert NeighbourVote({}).probabilities(scores_of(1.0), ["x"]) == {}


def test_one_label_for_each_score() -> None:
    with pytest.raises(ValueError, match="2 scores for 1 labels"):
        VOTE.probabilities(scores_of(1, 2), ["normal"])


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6, width=32), st.sampled_from(["normal", "pneumonia", "", "other"])
        ),
        max_size=30,
    )
)
def test_probabilities_sum_to_1(votes: list[tuple[float, str]]) -> None:
    found = VOTE.probabilities(scores_of(*(s for s, _ in votes)), [name for _, name in votes])
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= value <= 1 for value in found.values())
    assert list(found) == ["normal", "pneumonia"]


def clusters(n: int, noise: float, seed: int = 0) -> tuple[np.ndarray, list[str], list[str]]:
    """`n` cases in three labels around three directions, two cases a patient."""
    random = np.random.default_rng(seed)
    truth = np.repeat(random.integers(0, 3, n // 2), 2)
    vectors = np.eye(8)[truth] + noise * random.standard_normal((n, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = (vectors @ vectors.T).astype(np.float32)
    return similarity, [f"d{t}" for t in truth], [f"p{row // 2}" for row in range(n)]


def log_loss(vote: NeighbourVote, noise: float) -> float:
    """On 200 new cases of the same kind, searched among the first 200."""
    similarity, labels, _ = clusters(400, noise)
    losses = [
        -math.log(vote.probabilities(similarity[row, :200], labels[:200])[labels[row]])
        for row in range(200, 400)
    ]
    return float(np.mean(losses))


@pytest.mark.parametrize("noise", [0.1, 0.6, 3.0])
def test_the_fitted_vote_is_better_than_the_prior_and_than_other_settings(noise: float) -> None:
    similarity, labels, groups = clusters(400, noise)
    fitted = NeighbourVote.fit(similarity[:200, :200], labels[:200], groups[:200])
    prior = -math.log(1 / 3)
    assert log_loss(fitted, noise) < prior + 0.03
    for other in (1, 5, 20):
        plain = NeighbourVote(fitted.prior, other, 1e6, 0.3, 0.0)
        assert log_loss(fitted, noise) < log_loss(plain, noise) + 0.02


def test_pure_noise_ends_near_the_prior() -> None:
    similarity, _, groups = clusters(300, 1.0)
    labels = np.random.default_rng(1).choice(["a", "b"], 300).tolist()
    fitted = NeighbourVote.fit(similarity, labels, groups)
    found = fitted.probabilities(similarity[0, 1:51], labels[1:51])
    assert max(found.values()) < 0.7


def test_a_patient_never_votes_for_himself() -> None:
    """Labels that only a patient's own second film tells: what looks like skill is none."""
    random = np.random.default_rng(0)
    vectors = np.repeat(random.standard_normal((60, 64)), 2, axis=0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = (vectors @ vectors.T).astype(np.float32)
    labels = np.repeat(random.choice(["a", "b"], 60), 2).tolist()
    fair = NeighbourVote.fit(similarity, labels, [f"p{row // 2}" for row in range(120)])
    fooled = NeighbourVote.fit(similarity, labels, [""] * 120)
    assert fooled.reference == pytest.approx(1.0)
    assert fair.reference < 0.5
    assert fair.smoothing > fooled.smoothing


def test_degenerate_archives_keep_the_defaults() -> None:
    one = np.ones((3, 3), np.float32)
    assert NeighbourVote.fit(one, ["a"] * 3, ["p", "q", "r"]) == NeighbourVote({"a": 1.0})
    assert NeighbourVote.fit(one, [""] * 3, ["p", "q", "r"]) == NeighbourVote({})
    only = NeighbourVote.fit(one, ["a", "b", ""], ["p", "p", "q"])
    assert only == NeighbourVote({"a": 0.5, "b": 0.5})
    empty = NeighbourVote.fit(np.zeros((0, 0), np.float32), [], [])
    assert empty == NeighbourVote({})


def test_a_label_that_the_sample_missed_has_a_vote() -> None:
    similarity, labels, groups = clusters(60, 0.5)
    whole = ["d0"] * 50 + ["d1"] * 30 + ["d2"] * 19 + ["rare"] + [""] * 7
    fitted = NeighbourVote.fit(similarity, labels, groups, archive=whole)
    assert fitted.prior == {"d0": 0.5, "d1": 0.3, "d2": 0.19, "rare": 0.01}
    near = scores_of(*[fitted.reference] * fitted.k)
    found = fitted.probabilities(near, ["rare"] * fitted.k)
    assert max(found, key=lambda name: found[name]) == "rare"


def test_few_cases_leave_the_defaults_and_equal_scores_can_be_fitted() -> None:
    two = NeighbourVote.fit(np.ones((2, 2), np.float32), ["a", "b"], ["p", "q"])
    assert two == NeighbourVote({"a": 0.5, "b": 0.5})
    alike = NeighbourVote.fit(np.ones((40, 40), np.float32), ["a", "b"] * 20, map_ids(40))
    assert alike.reference == 1.0
    assert alike.probabilities(scores_of(1, 1), ["a", "b"])["a"] == pytest.approx(0.5, abs=0.1)


def test_one_case_of_three_is_not_certainty() -> None:
    vote = NeighbourVote.fit(np.eye(3, dtype=np.float32), ["a", "b", "c"], map_ids(3))
    told = vote.probabilities(np.array([1.0, 0.79, 0.75], np.float32), ["a", "b", "c"])
    assert round(told["a"], 2) == 0.6


def map_ids(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


def test_it_is_the_same_every_time_also_where_a_sample_is_drawn() -> None:
    n = CAP + 100
    random = np.random.default_rng(0)
    similarity = random.random((n, n), dtype=np.float32)
    labels = random.choice(["a", "b", ""], n).tolist()
    groups = [f"p{row // 3}" for row in range(n)]
    first = NeighbourVote.fit(similarity, labels, groups)
    assert first == NeighbourVote.fit(similarity, labels, groups)


def test_it_comes_back_from_json() -> None:
    assert NeighbourVote.from_json(VOTE.to_json()) == VOTE
    assert VOTE.classes == ("normal", "pneumonia")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"prior": 3}'])
def test_damaged_json_is_said(text: str) -> None:
    with pytest.raises(IndexDamaged, match="neighbour vote"):
        NeighbourVote.from_json(text)


@pytest.mark.parametrize(("field", "value"), [("k", 0), ("temperature", 0), ("smoothing", -1)])
def test_impossible_values_are_said(field: str, value: float) -> None:
    fields = json.loads(VOTE.to_json()) | {field: value}
    with pytest.raises(IndexDamaged, match="above 0"):
        NeighbourVote.from_json(json.dumps(fields))
