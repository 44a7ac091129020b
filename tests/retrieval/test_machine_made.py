"""Scans that nobody annotated are found by words: those of a machine, and marked as such."""

import shutil
from pathlib import Path

import pytest

from indexer.annotate.table import Annotated, write_table
from indexer.pipeline import Options, build
from indexer.summary import Summary
from models.errors import UsageError
from retrieval.report import as_json, html, table
from retrieval.search import Engine, Query
from tests.manifests import manifest_of, write_manifest

SILENT = "tuberculosis/Montgomery_0104.jpg"
"""A film without a person's words; the archive's films of pneumonia have some."""
TOLD = "pneumonia/NIH_00000150_002.jpg"


@pytest.fixture
def films(archive: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(archive, tmp_path / "films"))


def indexed(films: Path, index: Path, rows: list[Annotated] | None = None) -> Summary:
    if rows is None:
        return build(films, index)
    machine = films.parent / "machine.csv"
    write_table(rows, machine)
    return build(films, index, Options(annotations=machine))


def said(path: str, text: str, sha256: str = "") -> Annotated:
    return Annotated(path, text, "finder 0123456789ab", sha256)


def found(index: Path, words: str) -> dict[str, str]:
    """The cases that share any word: their path, and who wrote the text."""
    with Engine(index) as engine:
        hits = engine.query(Query(text=words, k=12)).hits
    return {hit.path: hit.annotated_by for hit in hits if hit.score > 0.05}


def test_words_find_a_scan_that_nobody_annotated(films: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    indexed(films, index)
    with Engine(index) as engine, pytest.raises(UsageError, match="none of the asked words occurs"):
        engine.query(Query(text="cavity"))
    summary = indexed(films, index, [said(SILENT, "cavity; opacity in patient's left upper zone")])
    assert summary.relabelled == 1 and summary.described == 0
    assert summary.remarks[-1:] != () and any(
        "machine-made texts, for scans that nobody annotated: 1" in each for each in summary.remarks
    )
    assert found(index, "cavity") == {SILENT: "finder 0123456789ab"}
    assert TOLD in found(index, "pneumonia") and found(index, "pneumonia")[TOLD] == ""


def test_a_person_s_word_goes_first(films: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    summary = indexed(films, index, [said(TOLD, "cavity"), said(SILENT, "cavity")])
    assert "machine-made texts of scans that a person annotated, not used: 1" in summary.remarks
    assert set(found(index, "cavity")) == {SILENT}
    rows = manifest_of(films)
    next(row for row in rows if row["path"] == SILENT)["findings"] = "thick pleura"
    write_manifest(films, rows)
    indexed(films, index)
    assert found(index, "pleura") == {SILENT: ""}
    with Engine(index) as engine, pytest.raises(UsageError):
        engine.query(Query(text="cavity"))


def test_it_stays_until_it_is_dropped_or_another_comes(films: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    indexed(films, index, [said(SILENT, "cavity")])
    assert not indexed(films, index).committed
    assert set(found(index, "cavity")) == {SILENT}
    indexed(films, index, [said(SILENT, "scar")])
    assert found(index, "scar") == {SILENT: "finder 0123456789ab"}
    assert build(films, index, Options(drop_annotations=True)).committed
    with Engine(index) as engine, pytest.raises(UsageError):
        engine.query(Query(text="scar"))


def test_a_text_is_not_used_for_another_content(films: Path, tmp_path: Path) -> None:
    summary = indexed(films, tmp_path / "index", [said(SILENT, "cavity", sha256="0" * 64)])
    assert "machine-made texts of scans that have changed since, not used: 1" in summary.remarks
    summary = indexed(films, tmp_path / "other", [said("gone.jpg", "cavity")])
    assert "machine-made texts of scans that are not in the index, not used: 1" in summary.remarks


def test_a_film_that_changes_loses_its_text(films: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    indexed(films, index, [said(SILENT, "cavity")])
    shutil.copy(films / "tuberculosis/Montgomery_0126.jpg", films / "kept.jpg")
    (films / SILENT).write_bytes((films / SILENT).read_bytes() + b"\0")
    indexed(films, index)
    with Engine(index) as engine, pytest.raises(UsageError):
        engine.query(Query(text="cavity"))


def test_it_changes_no_label_and_no_weight_of_another_text(films: Path, tmp_path: Path) -> None:
    plain, machine = tmp_path / "plain", tmp_path / "machine"
    indexed(films, plain)
    names = [row["path"] for row in manifest_of(films) if not row["findings"]]
    indexed(films, machine, [said(name, "tuberculosis") for name in names])
    once = tmp_path / "once"
    indexed(films, once, [said(names[0], "tuberculosis")])
    with Engine(plain) as first, Engine(machine) as second, Engine(once) as third:
        assert first.index.labels == second.index.labels
        assert first.index.weights == second.index.weights
        told = [engine.index.heads.text for engine in (second, third)]
        assert told[0].vocabulary == told[1].vocabulary
        assert (told[0].weights == told[1].weights).all()
        film = films / SILENT
        suggested = [engine.query(Query(scan=film)).diagnosis for engine in (first, second)]
    assert suggested[0] == suggested[1]


def test_it_is_marked_wherever_it_is_shown(films: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    indexed(films, index, [said(SILENT, "cavity <b>")])
    with Engine(index) as engine:
        answer = engine.query(Query(text="cavity", k=1))
        told = engine.index.facts.filter(
            engine.index.selected("annotated_by = 'finder 0123456789ab'")
        )
    assert told.column("path").to_pylist() == [SILENT]
    (hit,) = as_json.as_object(answer)["hits"]
    assert hit["findings"] == "cavity <b>" and hit["annotated_by"] == "finder 0123456789ab"
    assert "\nText of 1: machine-made by finder 0123456789ab\n" in table.render(answer)
    page = html.render(answer, {})
    assert '<p class="machine">machine-made by finder 0123456789ab</p>' in page
    assert "&lt;b&gt;" in page


def test_people_s_texts_are_not_marked(index: Path) -> None:
    with Engine(index) as engine:
        answer = engine.query(Query(text="pneumonia", k=1))
    assert as_json.as_object(answer)["hits"][0]["annotated_by"] is None
    assert "machine-made" not in table.render(answer) + html.render(answer, {})
