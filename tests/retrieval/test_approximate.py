"""An approximate index answers as an exact one does, at any weights, under any filter."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from retrieval import ranking
from retrieval.aggregation import TABLE, load
from retrieval.ranking import CaseRanker
from tests.retrieval.approximate_archive import (
    BLOCKS,
    DIMS,
    FILES,
    WEIGHTS,
    drawn,
    made,
    opened,
    weighted,
)

COUNT, CASES = 6000, 4000

Both = tuple[CaseRanker, CaseRanker]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("approximate")
    return folder, made(folder, drawn(COUNT, 1))


@pytest.fixture(scope="module")
def both(archive: tuple[Path, dict[str, Any]]) -> Both:
    """The approximate one, and an exact one over the same 16-bit numbers."""
    folder, told = archive
    vectors, near = opened(folder, told)
    cases = np.unique(np.random.default_rng(2).integers(0, CASES, COUNT), return_inverse=True)[1]
    flat = faiss.IndexFlatIP(sum(DIMS.values()))
    flat.add(vectors.reconstruct_n(0, COUNT))
    return CaseRanker(vectors, cases, near), CaseRanker(flat, cases)


@pytest.fixture(autouse=True)
def nothing_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small archive goes the way of a large one."""
    monkeypatch.setattr(ranking, "_GATHER_NUMBERS", 0)


def recall(both: Both, weights: dict[str, float], allowed: np.ndarray, how: str = "late") -> float:
    """Of the 10 nearest cases the share that is found; scores of those have to be right."""
    near, exact = both
    hits, wanted = 0, 0
    for query in weighted(drawn(60, 9), weights):
        truth = exact.nearest(query[None], 10, allowed, load(how))
        found = near.nearest(query[None], 10, allowed, load(how))
        assert len(found) == len(truth)
        scores = {one.case: one.score for one in truth}
        for one in found:
            assert allowed[list(one.rows)].all()
            if one.case in scores:
                assert one.score == pytest.approx(scores[one.case], abs=1e-5)
        least = truth[-1].score - 1e-5
        hits += sum(one.score >= least for one in found)
        wanted += len(truth)
    return hits / wanted


def test_the_files_and_what_is_said_of_them(archive: tuple[Path, dict[str, Any]]) -> None:
    folder, told = archive
    assert {path.name for path in folder.iterdir()} == FILES
    assert told["kind"] == "approximate" and told["fitted_on"] == COUNT
    assert 0.99 <= told["recall"] <= 1
    named = {one["name"] for one in told["recipes"]}
    assert named == {
        *("default", "equal", "default and text", "any"),
        *(f"{name} alone" for name in DIMS),
    }
    assert all(one["recall"] >= 0.99 for one in told["recipes"])
    default = told["recipes"][0]
    assert default["looks"], "at default weights not everything has to be compared"


@pytest.mark.parametrize(
    "weights",
    [
        WEIGHTS,
        {**WEIGHTS, "text": 0.0},
        dict.fromkeys(DIMS, 1.0),
        {"colour": 1.0},
        {"edge": 1.0},
        {"embedding": 1.0},
        {"text": 1.0},
        {"learned": 1.0},
        {"colour": 0.02, "edge": 0.95, "text": 0.03},
        {"embedding": 0.5, "text": 0.5},
    ],
)
def test_recall_at_any_weights(both: Both, weights: dict[str, float]) -> None:
    assert recall(both, weights, np.ones(COUNT, bool)) >= 0.98


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_recall_under_a_filter(both: Both, share: float) -> None:
    allowed = np.random.default_rng(3).random(COUNT) < share
    assert recall(both, WEIGHTS, allowed) >= 0.98


def test_recall_where_a_filter_leaves_out_just_what_is_near(both: Both) -> None:
    """The rows of the kinds whose first number is low: nearly everything near some queries."""
    rows = both[1].stored(np.arange(COUNT))
    allowed = rows[:, BLOCKS["embedding"]][:, 0] < -0.1
    assert 0.1 < allowed.mean() < 0.5
    assert recall(both, WEIGHTS, allowed) >= 0.98


@pytest.mark.parametrize("name", sorted(TABLE))
def test_series_are_ranked_as_an_exact_index_ranks_them(both: Both, name: str) -> None:
    near, exact = both
    allowed = np.ones(COUNT, bool)
    same = 0
    for at in range(20):
        query = weighted(drawn(5, 50 + at), WEIGHTS)
        truth = exact.nearest(query, 5, allowed, load(name))
        found = near.nearest(query, 5, allowed, load(name))
        same += len({one.case for one in truth} & {one.case for one in found})
    assert same >= 0.98 * 100


@pytest.mark.parametrize("gather", [0, 1 << 23])
@pytest.mark.parametrize("weights", [WEIGHTS, {"edge": 1.0}, {"colour": 0.5, "text": 0.5}])
@pytest.mark.parametrize("share", [1.0, 0.3, 0.01])
def test_who_is_excluded_is_excluded_in_every_path(
    both: Both,
    monkeypatch: pytest.MonkeyPatch,
    share: float,
    weights: dict[str, float],
    gather: int,
) -> None:
    """The query is one of his own pictures, so that without it he would be the nearest of all."""
    monkeypatch.setattr(ranking, "_GATHER_NUMBERS", gather)
    let = np.random.default_rng(4).random(COUNT) < share
    for ranker in both:
        for case in range(0, 400, 16):
            own = ranker.rows_of([case])
            allowed = let.copy()
            allowed[own] = True
            query = weighted(ranker.stored(own[:1]), weights)
            for how in ("late", "symmetric", "rank-fusion"):
                first = ranker.nearest(query, 3, allowed, load(how))[0]
                assert how == "symmetric" or first.case == case
                allowed_others = allowed.copy()
                allowed_others[own] = False
                found = ranker.nearest(query, 3, allowed_others, load(how))
                assert len(found) == 3 and case not in {one.case for one in found}


def test_what_was_not_measured_is_compared_with_everything(both: Both) -> None:
    near = both[0]._near
    assert near is not None
    recipe = near.recipe(weighted(drawn(1, 5), WEIGHTS))
    assert recipe is not None and recipe.name == "default and text"
    recipe = near.recipe(weighted(drawn(1, 5), {**WEIGHTS, "text": 0.0}))
    assert recipe is not None and recipe.name == "default"
    bare = type(near)(near.vectors, near.blocks, near.parts, ())
    assert bare.recipe(weighted(drawn(1, 5), WEIGHTS)) is None
    ranker = CaseRanker(near.vectors, both[0].case_of_row, bare)
    query = weighted(drawn(1, 5), WEIGHTS)
    allowed = np.ones(COUNT, bool)
    assert [one.case for one in ranker.nearest(query, 5, allowed)] == [
        one.case for one in both[1].nearest(query, 5, allowed)
    ]
