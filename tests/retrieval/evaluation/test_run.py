"""The whole evaluation on small archives, and what cannot be evaluated."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.config import Config
from indexer.pipeline import Options, build
from indexer.searched import searched_vectors
from models.errors import IndexUnusable, NothingToIndex, UsageError
from retrieval.evaluation.figures import Evaluation
from retrieval.evaluation.questions import questions_of
from retrieval.evaluation.run import Asked, evaluate
from retrieval.evaluation.systems import Fitted, Weighted
from retrieval.index import OpenIndex
from tests.manifests import manifest_of, write_manifest
from tests.retrieval.evaluation.trained import trained_encoder


def told(asked: Asked) -> Evaluation:
    return evaluate(asked, lambda *_: None).figures


def value(found: Evaluation, system: str, measure: str) -> float:
    (row,) = [one for one in found.systems if one.name == system]
    return row.means[found.measures.index(measure)].micro.value


@pytest.fixture(scope="module")
def found(index: Path) -> Evaluation:
    return told(Asked(index))


def test_every_floor_is_in_the_table(found: Evaluation) -> None:
    assert [one.name for one in found.systems] == [
        "cbir",
        "embedding alone",
        "colour alone",
        "edge alone",
        "text alone",
        "raw pixels",
        "constant class",
        "random",
    ]
    assert {one.name for one in found.compared} == {one.name for one in found.systems[1:]}
    assert found.counts == {
        "cases": 12,
        "labelled": 12,
        "questions": 12,
        "patients asking": 11,
    }
    assert found.search_recall == 1
    assert found.hubness.counts.sum() == 12 * 10


def test_figures_are_those_of_their_queries(found: Evaluation) -> None:
    known = [one.average_precision for one in found.asked]
    assert value(found, "cbir", "mAP") == pytest.approx(np.mean(known))
    first = [one.found[0].label == one.label for one in found.asked]
    assert value(found, "cbir", "hit_rate@1") == pytest.approx(np.mean(first))
    assert value(found, "cbir", "precision@1") == value(found, "cbir", "hit_rate@1")
    worst = [one.average_precision for one in found.worst]
    assert worst == sorted(known)[: len(worst)]
    curve = found.systems[0].curves["hit_rate"]
    assert curve[0] == pytest.approx(np.mean(first)) and curve[-1] == 1
    assert len(curve) == 11  # nobody can find more than the other cases


def test_what_a_reader_must_know_is_said(found: Evaluation) -> None:
    assert any("1 questions name no patient" in remark for remark in found.remarks)
    assert any("may name its label" in remark for remark in found.remarks)


def test_a_query_set(index: Path, examples: Path) -> None:
    found = told(Asked(index, examples / "queries", ks=(1, 3)))
    assert found.by == "a query set" and found.counts["questions"] == 11
    assert "recall@3" in found.measures and "recall@5" not in found.measures


def test_an_index_as_a_query_set_gives_the_same(
    index: Path, examples: Path, tmp_path: Path
) -> None:
    build(examples / "queries", tmp_path / "queries")
    one = told(Asked(index, examples / "queries"))
    other = told(Asked(index, tmp_path / "queries"))
    assert one.systems[0].means == other.systems[0].means


def test_one_configuration_beside_another(index: Path, own_index: Path) -> None:
    found = told(Asked(index, against=own_index, against_weights={"embedding": 1, "colour": 0}))
    named = {one.name: one for one in found.compared if one.measure == "mAP"}
    assert named[str(own_index)].difference.interval.value == 0
    assert named[str(own_index)].difference.p == 1
    assert "cbir, embedding=1, colour=0" in named


def test_an_index_of_other_cases_is_no_comparison(index: Path, films: Path, tmp_path: Path) -> None:
    write_manifest(films, manifest_of(films)[:-1])
    build(films, tmp_path / "smaller")
    with pytest.raises(UsageError, match="holds other cases or labels"):
        told(Asked(index, against=tmp_path / "smaller"))


def test_weights_by_hand(index: Path) -> None:
    found = told(Asked(index, weights={"colour": 1, "edge": 0, "embedding": 0}))
    for measure in found.measures:
        assert value(found, "cbir", measure) == value(found, "colour alone", measure)


def test_a_k_beyond_the_archive_is_told(index: Path) -> None:
    found = told(Asked(index, ks=(500,)))
    assert value(found, "cbir", "recall@500") == 1
    assert any("k = 500 is more than the 11 cases" in remark for remark in found.remarks)


@pytest.fixture
def films(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(archive, tmp_path / "films"))


def test_a_case_to_which_nothing_is_relevant_counts_nowhere(films: Path, tmp_path: Path) -> None:
    rows = manifest_of(films)
    rows[0]["label"] = "the only one"
    write_manifest(films, rows)
    build(films, tmp_path / "ix")
    found = told(Asked(tmp_path / "ix"))
    assert found.unanswerable == 1
    assert "questions to which no case is relevant, left out: 1" in found.remarks
    alone = next(one for one in found.asked if one.label == "the only one")
    assert np.isnan(alone.average_precision)
    assert not np.isnan(value(found, "cbir", "mAP"))


def test_one_label_only(films: Path, tmp_path: Path) -> None:
    rows = [{**row, "label": "normal"} for row in manifest_of(films)]
    write_manifest(films, rows)
    build(films, tmp_path / "ix")
    found = told(Asked(tmp_path / "ix"))
    assert value(found, "random", "mAP") == 1
    assert any("one label only" in remark for remark in found.remarks)


def test_without_labels(films: Path, tmp_path: Path) -> None:
    write_manifest(films, [{**row, "label": ""} for row in manifest_of(films)])
    build(films, tmp_path / "ix")
    with pytest.raises(NothingToIndex, match="has no labels"):
        told(Asked(tmp_path / "ix"))


def test_a_query_set_without_labels(index: Path, films: Path) -> None:
    write_manifest(films, [{**row, "label": ""} for row in manifest_of(films)])
    with pytest.raises(NothingToIndex, match=r"can ask \(12 without a label\)"):
        told(Asked(index, films))


def test_an_index_that_was_built_otherwise(index: Path, films: Path, tmp_path: Path) -> None:
    config = replace(Config(), encoder="mobilenetv2")
    build(films, tmp_path / "other", Options(config=config))
    with pytest.raises(IndexUnusable, match="describe scans differently"):
        told(Asked(index, tmp_path / "other"))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"ks": ()}, "k is missing"),
        ({"ks": (0, 5)}, "k is 0, 5"),
        ({"weights": {"smell": 1}}, "there is no descriptor 'smell'"),
        ({"against_weights": {"edge": float("nan")}}, "the weight of edge is nan"),
    ],
)
def test_what_does_not_fit(index: Path, asked: dict[str, object], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        told(replace(Asked(index), **asked))  # type: ignore[arg-type]


def test_volumes_ask_with_all_their_slices(volumes: Path, tmp_path: Path) -> None:
    for label, name in (("known", "a"), ("known", "b"), ("rare", "c")):
        shutil.copytree(volumes / name, tmp_path / "archive" / label / name)
    build(tmp_path / "archive", tmp_path / "ix")
    found = told(Asked(tmp_path / "ix", ks=(1, 2)))
    assert found.counts["questions"] == 3 and found.unanswerable == 1
    assert value(found, "cbir", "recall@2") == 1
    assert found.search_recall == 1


def test_an_index_as_its_own_query_set_is_no_held_out_figure(index: Path) -> None:
    with pytest.raises(NothingToIndex, match="12 of patients from whose labels the archive has"):
        told(Asked(index, index))


@pytest.fixture(scope="module")
def taught(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of all 90 example films, whose labels teach likeness."""
    out = tmp_path_factory.mktemp("taught") / "index"
    build(examples / "archive", out)
    return out


def test_what_labels_taught_is_fitted_without_whoever_asks(taught: Path) -> None:
    found = told(Asked(taught))
    assert [one.name for one in found.systems[:2]] == ["cbir", "without what labels taught"]
    assert value(found, "cbir", "mAP") > value(found, "without what labels taught", "mAP") + 0.05
    # Asked with what was fitted on their own labels they would do better still.
    assert value(found, "cbir", "mAP") < 0.8
    assert found.search_recall == 1


def test_the_learned_block_beside_is_that_of_the_index(taught: Path) -> None:
    opened = OpenIndex(taught)
    try:
        parts = searched_vectors(opened.store, opened.dims, opened.heads.likeness)
        rows = np.vstack(list(parts))[:, opened.blocks["learned"]]
        inside = Fitted(opened.weights, opened.heads.likeness)
        beside = replace(inside, rows=rows)
        for question in questions_of(opened, opened, 20).asked:
            orders = [
                Weighted(opened.ranker, opened.searched, [one]).order(question, ~question.own)
                for one in (inside, beside)
            ]
            assert orders[0][:20].tolist() == orders[1][:20].tolist()
    finally:
        opened.close()


def test_an_encoder_that_has_learned_from_some_of_the_archive(
    archive: Path, tmp_path: Path
) -> None:
    seen = [path for path in sorted(archive.rglob("*.jpg")) if path.parent.name == "pneumonia"]
    spec = trained_encoder(tmp_path / "model", seen)
    build(archive, tmp_path / "ix", Options(config=Config(encoder=spec)))
    found = told(Asked(tmp_path / "ix"))
    assert found.counts["questions"] == 12 - len(seen)
    why = f"cases that the encoder has learned from, which do not ask: {len(seen)}"
    assert why in found.remarks
