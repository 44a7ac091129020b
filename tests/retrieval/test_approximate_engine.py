"""The whole engine over an approximate index: what is asked of it in every way, answered alike."""

import shutil
from pathlib import Path

import pytest

from indexer.pipeline import Options, build
from indexer.remove import Chosen, remove
from models.errors import IndexDamaged
from retrieval import ranking
from retrieval.inspect import facts_of, verified
from retrieval.search import Engine, Query


@pytest.fixture
def candidates_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small archive goes the way of a large one."""
    monkeypatch.setattr(ranking, "_GATHER_NUMBERS", 0)
    monkeypatch.setattr(ranking, "_DEEPEST_SHARE", 100.0)


@pytest.fixture(scope="module")
def approximate(index: Path, archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = Path(shutil.copytree(index, tmp_path_factory.mktemp("near") / "films"))
    heard: list[str] = []
    summary = build(archive, out, Options(vectors="approximate", tell=heard.append))
    assert (summary.described, summary.committed) == (0, True)
    assert [text.split(",")[0] for text in heard] == ["search: approximate"]
    assert not build(archive, out).committed  # what was asked for stays
    return out


def test_answers_are_those_of_an_exact_index(
    index: Path, approximate: Path, examples: Path, candidates_only: None
) -> None:
    film = examples / "queries" / "Montgomery_0372.jpg"
    with Engine(index) as exact, Engine(approximate) as near:
        case = exact.query(Query(film)).hits[0].case_id
        for asked in (
            Query(film, k=4),
            Query(film, k=4, text="effusion"),
            Query(film, k=4, weights={"colour": 1, "edge": 0, "embedding": 0, "text": 0}),
            Query(film, k=4, where="label = 'normal'"),
            Query(film, k=3, unlike=(case,)),
            Query(None, k=3, like=(case,)),
            Query(film, k=3, aggregate="symmetric"),
            Query(film, k=3, refine="diagnosis"),
        ):
            wanted, found = exact.query(asked), near.query(asked)
            assert [hit.case_id for hit in found.hits] == [hit.case_id for hit in wanted.hits]
            for one, other in zip(found.hits, wanted.hits, strict=True):
                assert one.contributions == pytest.approx(other.contributions, abs=2e-4)
            assert found.diagnosis.label == wanted.diagnosis.label
            assert [hit.case_id for hit in found.priors] == [hit.case_id for hit in wanted.priors]


def test_info_tells_the_recall(approximate: Path, index: Path) -> None:
    told = facts_of(approximate)
    assert told.search["kind"] == "approximate"
    assert 0.99 <= told.search["recall"] <= 1
    assert told.search["asked"] == {"vectors": "approximate", "memory": 4 << 30, "recall": 0.99}
    assert "recall@10 " in told.to_text()
    assert facts_of(index).search["kind"] == "exact, 32 bits"


def test_who_is_removed_is_in_no_list(approximate: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(approximate, tmp_path / "own"))
    with Engine(own) as engine:
        case = engine.index.case_ids[0]
    removed = remove(own, Chosen(cases=(case,)))
    with Engine(own) as engine:
        near = engine.index.ranker._near
        assert near is not None
        left = len(engine.index.facts)
        assert left == 12 - removed.scans
        assert all(part.index.ntotal == left for part in near.parts.values())
        assert engine.index.generation.manifest["search"]["fitted_on"] == left
    verified(own)


def test_a_damaged_list_is_never_answered_from(
    approximate: Path, examples: Path, tmp_path: Path
) -> None:
    own = Path(shutil.copytree(approximate, tmp_path / "own"))
    path = next(own.glob("gen-*2/lists-all.faiss"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    film = examples / "queries" / "Montgomery_0372.jpg"
    with pytest.raises(IndexDamaged, match=r"lists-all\.faiss"), Engine(own) as engine:
        engine.query(Query(film))
