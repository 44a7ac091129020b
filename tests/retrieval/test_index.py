"""An index that is open for asking."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import commit
from indexer.pipeline import build
from models.errors import IndexDamaged, IndexUnusable, UsageError
from models.runtime import EncoderSpec
from models.runtime.registry import available
from retrieval.index import OpenIndex
from tests.manifests import manifest_of, write_manifest
from tests.retrieval.films import NOBODY, PRIOR


@pytest.fixture(scope="module")
def opened(index: Path) -> OpenIndex:
    return OpenIndex(index)


def test_blocks_stand_side_by_side(opened: OpenIndex) -> None:
    assert list(opened.blocks) == ["colour", "edge", "embedding", "text"]
    colour, edge, embedding, text = opened.blocks.values()
    assert colour.start == 0
    assert (colour.stop, edge.stop, embedding.stop) == (edge.start, embedding.start, text.start)
    assert embedding.stop - embedding.start == 1280
    assert text.stop - text.start == 256
    assert sum(opened.weights.values()) == pytest.approx(1)


def test_every_row_has_a_case_and_a_vector(opened: OpenIndex) -> None:
    assert len(opened.facts) == len(opened.case_ids) == len(opened.labels) == 12
    assert sorted(opened.labels) == 4 * ["normal"] + 4 * ["pneumonia"] + 4 * ["tuberculosis"]
    vector = np.ones((1, sum(opened.dims.values())), np.float32)
    ranked = opened.ranker.nearest(vector, 100, np.ones(12, bool))
    assert {one.case for one in ranked} == set(range(12))


def test_masks_choose_rows(opened: OpenIndex) -> None:
    assert opened.labelled_mask().sum() == 12
    assert opened.label_mask("normal").sum() == 8
    assert opened.selected("").all()
    assert opened.selected("label = 'normal'").sum() == 4
    assert opened.rows_of(["Montgomery-0006", "nobody"], []).sum() == 1
    assert opened.rows_of([], [opened.case_ids[3]]).sum() == 1
    assert opened.rows_of([], []).sum() == 0
    with pytest.raises(UsageError, match="there is no column"):
        opened.selected("nothing = 1")


def test_a_file_says_whose_it_is(opened: OpenIndex, archive: Path) -> None:
    _, patients = opened.cases_of_files([commit.sha256_of(archive / PRIOR)])
    assert patients == ("Montgomery-0006",)
    cases, nobody = opened.cases_of_files([commit.sha256_of(archive / NOBODY)])
    assert (cases, nobody) == ((NOBODY,), ())
    assert opened.cases_of_files(["0" * 64]) == ((), ())
    assert opened.cases_of_files([]) == ((), ())


def test_words_become_a_vector(opened: OpenIndex) -> None:
    assert opened.text_vector("effusion").shape == (1, 256)
    assert np.linalg.norm(opened.text_vector("effusion")) == pytest.approx(1, abs=1e-5)
    assert not opened.text_vector("qqqq").any()


def test_another_encoder_is_refused(opened: OpenIndex) -> None:
    first, second = available(EncoderSpec)[:2]
    opened.require(first)
    with pytest.raises(IndexUnusable, match=r"built with the encoder efficientnet-lite0 \("):
        opened.require(second)
    with pytest.raises(IndexUnusable, match=r"installed is efficientnet-lite0 \(000000000000\)"):
        opened.require(replace(first, sha256="0" * 64))


def test_unlabelled_cases_are_in_no_label_mask(archive: Path, tmp_path: Path) -> None:
    films = Path(shutil.copytree(archive, tmp_path / "films"))
    rows = manifest_of(films)[:3]
    rows[0]["label"] = ""
    write_manifest(films, rows)
    build(films, tmp_path / "ix")
    index = OpenIndex(tmp_path / "ix")
    assert sorted(index.labels) == ["", "normal", "normal"]
    assert index.labelled_mask().sum() == 2
    assert index.label_mask("normal").sum() == 0


def test_a_reader_keeps_the_generation_that_it_opened(
    archive: Path, own_index: Path, tmp_path: Path
) -> None:
    before = OpenIndex(own_index)
    films = Path(shutil.copytree(archive, tmp_path / "films"))
    rows = manifest_of(films)
    for row in rows:
        row["label"] = "changed"
    write_manifest(films, rows)
    assert build(films, own_index).generation == 2
    assert "changed" not in before.labels
    assert len(before.store.preview([0, 11])) == 2
    assert before.ranker is not None
    after = OpenIndex(own_index)
    assert (before.generation.number, after.generation.number) == (1, 2)
    assert set(after.labels) == {"changed"}


def test_what_is_no_index_is_refused(tmp_path: Path, own_index: Path) -> None:
    with pytest.raises(IndexUnusable, match="there is no index"):
        OpenIndex(tmp_path / "none")
    with pytest.raises(IndexUnusable, match="holds no index"):
        OpenIndex(tmp_path)
    (commit.opened(own_index).path / "heads" / "weights.json").write_text("{}")
    with pytest.raises(IndexDamaged, match=r"weights\.json is not what was written"):
        OpenIndex(own_index)
