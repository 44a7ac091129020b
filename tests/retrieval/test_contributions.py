"""The split of a score over descriptors is exact: for volumes, and with the learned block."""

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.pipeline import build
from models.arrays import FloatImage
from retrieval.ranking import CaseRanker
from retrieval.search import Engine, Query
from retrieval.weighing import scaled, weighted

DIMS = {"colour": 4, "edge": 3, "embedding": 6, "text": 5, "learned": 2}
ENDS = np.cumsum([*DIMS.values()]).tolist()
BLOCKS = {name: slice(end - dim, end) for (name, dim), end in zip(DIMS.items(), ENDS, strict=True)}


def described(random: np.random.Generator, count: int) -> dict[str, FloatImage]:
    """Blocks of unit length, some of them missing."""
    found = {}
    for name, dim in DIMS.items():
        block = random.standard_normal((count, dim)).astype(np.float32)
        block /= np.linalg.norm(block, axis=1, keepdims=True)
        found[name] = block * (random.random((count, 1)) < 0.8)
    return found


@given(seed=st.integers(0, 10_000), slices=st.integers(1, 5), cases=st.integers(1, 6))
@settings(deadline=None)
def test_the_weighted_cosines_of_the_best_slices_sum_to_the_score(
    seed: int, slices: int, cases: int
) -> None:
    random = np.random.default_rng(seed)
    query = described(random, slices)
    query["embedding"][0] = np.eye(1, 6)  # never without any block
    archive = described(random, 4 * cases)
    weights = scaled(dict(zip(DIMS, random.random(5).tolist(), strict=True)), query)
    index = faiss.IndexFlatIP(sum(DIMS.values()))
    index.add(np.hstack([*archive.values()]))
    ranker = CaseRanker(index, np.repeat(np.arange(cases), 4))
    vector = weighted(query, weights)
    for ranked in ranker.nearest(vector, cases, np.ones(4 * cases, bool)):
        gave = ranker.contributions(vector, ranked, BLOCKS)
        assert sum(gave.values()) == pytest.approx(ranked.score, abs=1e-5)
        rows = list(ranked.rows)
        for name in DIMS:
            cosines = (query[name] * archive[name][rows]).sum(axis=1)
            assert gave[name] == pytest.approx(weights[name] * cosines.mean(), abs=1e-5)


@pytest.mark.slow
def test_of_real_films_with_the_learned_block(examples: Path, tmp_path: Path) -> None:
    """All 90 example films: their labels teach likeness."""
    build(examples / "archive", tmp_path / "index")
    asked = Query(examples / "queries" / "Shenzhen_0609.jpg", text="effusion", k=90)
    with Engine(tmp_path / "index") as engine:
        answer = engine.query(asked)
        assert answer.query.weights["learned"] > 0.1
        for hit in answer.hits:
            assert hit.contributions["learned"] > 0
            stored = engine.index.ranker.stored([hit.instance])[0]
            for name, gave in hit.contributions.items():
                length = float(np.linalg.norm(stored[engine.index.blocks[name]]))
                assert abs(gave) <= answer.query.weights[name] * length + 1e-5
            assert hit.score == pytest.approx(sum(hit.contributions.values()), abs=1e-9)
        why = engine.why(asked, answer)
        first = why[answer.hits[0].case_id].query
        assert first is not None
        expected = answer.hits[0].contributions["embedding"]
        assert first.given.sum() == pytest.approx(expected, abs=1e-5)
