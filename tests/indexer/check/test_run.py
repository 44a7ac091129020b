"""All checks on an archive whose faults are known, and on archives with little in them."""

import json
import shutil
from pathlib import Path

import pydicom
import pytest

from indexer import commit
from indexer.check import KINDS, Finding, kind_of
from indexer.check.run import CHECKS, OF_LABELS, Report, check
from indexer.fit import read_heads
from indexer.pipeline import Options, build
from indexer.summary import Summary
from models.errors import IndexDamaged, IndexUnusable
from models.table import load
from tests.indexer.check.archives import OTHER, of
from tests.manifests import manifest_of
from tests.retrieval.films import as_jpeg, series

SEEN = {"border", "burned_in_text"}
"""What single films of the examples really have."""


def paths(finding: Finding) -> set[str]:
    return {film.path for film in finding.films}


def only(report: Report, code: str) -> Finding:
    (finding,) = report.of(code)
    return finding


@pytest.mark.slow
def test_every_fault_is_found_and_nothing_else(
    report: Report, origin: tuple[Path, dict[str, str]]
) -> None:
    others = SEEN | {"doubtful_label"}
    assert {code: count for code, count in report.found.items() if code not in others} == {
        "rejected": 1,
        "blank": 1,
        "rotated": 2,
        "inverted": 1,
        "same_bytes": 1,
        "same_pixels": 1,
        "near_duplicate": 2,  # the inverted film too, which was mended
        "two_patients": 2,
        "two_labels": 2,
        "contradicting_labels": 1,
        "changing_labels": 1,
    }
    assert [paths(one) for one in report.of("rotated")] == [
        {"faults/left.png"},
        {"faults/over.png"},
    ]
    assert only(report, "inverted").sentence.startswith("inverted: ")
    assert paths(only(report, "inverted")) == {"faults/inverted.png"}
    assert paths(only(report, "rejected")) == {"faults/broken.png"}
    first = origin[1]
    for code, name in (
        ("same_bytes", "faults/bytes.jpg"),
        ("same_pixels", "faults/same.png"),
    ):
        assert paths(only(report, code)) == {name, first[name]}, code
    for code in ("near_duplicate", "two_patients"):
        for name in ("faults/again.png", "faults/inverted.png"):
            assert {name, first[name]} in [paths(one) for one in report.of(code)], code
    told = [paths(one) for one in report.of("two_labels")]
    assert sorted(told, key=sorted) == sorted(
        [{name, first[name]} for name in ("faults/again.png", "faults/bytes.jpg")], key=sorted
    )


@pytest.mark.slow
def test_a_copy_that_was_not_taken_is_named_as_the_archive_names_it(report: Report) -> None:
    taken, copy = only(report, "same_bytes").films
    if copy.row is not None:
        taken, copy = copy, taken
    assert (copy.row, copy.patient_id) == (None, taken.patient_id)
    assert copy.label == OTHER[taken.label] or taken.label == OTHER[copy.label]
    assert only(report, "same_bytes").sentence == "the same bytes in 2 files"


@pytest.mark.slow
def test_two_labels_of_a_study_are_a_fault_and_of_two_studies_a_remark(report: Report) -> None:
    within = only(report, "contradicting_labels")
    assert within.sentence == "one case is labelled normal and pneumonia"
    assert {film.case_id for film in within.films} == {"twice/one"}
    between = only(report, "changing_labels")
    assert len({film.case_id for film in between.films}) == 2
    assert len({film.patient_id for film in between.films}) == 1
    assert kind_of("contradicting_labels").fault
    assert not kind_of("changing_labels").fault


@pytest.mark.slow
def test_a_build_counts_what_is_quick_to_find(built: tuple[Path, Summary]) -> None:
    index, summary = built
    quick = {code: count for code, count in summary.findings.items() if code not in SEEN}
    assert quick == {
        **{"blank": 1, "rotated": 2, "inverted": 1, "same_bytes": 1, "same_pixels": 1},
        **{"contradicting_labels": 1, "changing_labels": 1},
    }
    assert "found: 1 blank, " in summary.to_text() and ", 2 rotated, " in summary.to_text()
    assert commit.opened(index).manifest["findings"] == summary.findings


@pytest.mark.slow
def test_labels_need_not_be_looked_at(built: tuple[Path, Summary]) -> None:
    told = check(built[0], labels=False)
    assert not {"contradicting_labels", "changing_labels", "doubtful_label"} & set(told.found)
    assert told.found["rotated"] == 2


@pytest.mark.slow
def test_the_report_as_json(report: Report) -> None:
    told = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert set(told) == {
        *("schema", "archive", "software", "counts", "found", "findings", "not_done", "seconds")
    }
    assert told["schema"] == 1
    near = next(one for one in told["findings"] if one["code"] == "near_duplicate")
    assert 0.85 <= near["score"] <= 1
    assert near["fault"]
    assert set(near["films"][0]) == {"path", "patient_id", "label", "case_id"}
    blank = next(one for one in told["findings"] if one["code"] == "rejected")
    assert blank["films"] == [
        {"path": "faults/broken.png", "patient_id": None, "label": None, "case_id": None}
    ]


@pytest.mark.slow
def test_when_the_archive_has_gone_its_copies_are_named_by_path(
    built: tuple[Path, Summary], origin: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    index = Path(shutil.copytree(built[0], tmp_path / "index"))
    hidden = origin[0].rename(origin[0].with_name("elsewhere"))
    try:
        told = check(index, labels=False)
    finally:
        hidden.rename(origin[0])
    assert {film.label for film in only(told, "same_bytes").films if film.row is None} == {""}
    assert any(why.startswith("the archive is not there") for why in told.not_done)


def small(examples: Path, tmp_path: Path, films: list[dict[str, str]]) -> Report:
    build(of(films, examples, tmp_path / "archive"), tmp_path / "index", Options(workers=1))
    return check(tmp_path / "index")


def rows(examples: Path, count: int) -> list[dict[str, str]]:
    films = [row for row in manifest_of(examples / "archive") if row["path"].endswith(".jpg")]
    return films[:: len(films) // count][:count]


def test_a_single_film(examples: Path, tmp_path: Path) -> None:
    told = small(examples, tmp_path, rows(examples, 1))
    assert told.findings == ()
    assert told.not_done == (
        "how the films of CR CHEST lie: 1 patients; 40 are needed",
        "doubtful labels: at least 40 labelled scans are needed, and two labels with 5 patients "
        "each",
    )


def test_without_labels(examples: Path, tmp_path: Path) -> None:
    films = [{**row, "label": ""} for row in rows(examples, 3)]
    told = small(examples, tmp_path, films)
    assert set(told.found) <= SEEN
    assert told.counts["labels"] == {}
    assert len(told.not_done) == 2


def test_one_class_and_one_patient(examples: Path, tmp_path: Path) -> None:
    films = [
        {**row, "label": "normal", "patient_id": "p", "study_id": f"s{place}"}
        for place, row in enumerate(rows(examples, 3))
    ]
    assert set(small(examples, tmp_path, films).found) <= SEEN


def test_unknown_patients(examples: Path, tmp_path: Path) -> None:
    films = [{**row, "patient_id": "", "study_id": ""} for row in rows(examples, 3)]
    again = examples / "archive" / films[0]["path"]
    told = small(examples, tmp_path, films)
    assert set(told.found) <= SEEN
    (tmp_path / "archive" / "again.jpg").write_bytes(again.read_bytes())
    table = tmp_path / "archive" / "cases.csv"
    line = table.read_text().splitlines()[1].replace(films[0]["path"], "again.jpg")
    table.write_text(table.read_text() + line + "\n")
    build(tmp_path / "archive", tmp_path / "index")
    found = check(tmp_path / "index").found
    assert found.keys() - SEEN == {"same_bytes"} and found["same_bytes"] == 1


def test_the_same_film_as_dicom_and_as_jpeg(examples: Path, tmp_path: Path) -> None:
    film = next((examples / "queries").glob("*.dcm"))
    (tmp_path / "archive").mkdir()
    shutil.copy(film, tmp_path / "archive" / "film.dcm")
    as_jpeg(film, tmp_path / "archive" / "film.jpg")
    build(tmp_path / "archive", tmp_path / "index")
    told = check(tmp_path / "index")
    assert paths(only(told, "near_duplicate")) == {"film.dcm", "film.jpg"}


def test_volumes_are_compared_by_their_middles(tmp_path: Path) -> None:
    for seed, name in enumerate("ab"):
        series(tmp_path / "archive" / name, name, seed=seed)
    for path in series(tmp_path / "archive" / "c", "c", seed=0).iterdir():
        film = pydicom.dcmread(path)  # the pixels of a, of another patient's series
        film.SeriesInstanceUID, film.StudyInstanceUID = "1.2.826.0.1.2.99", "1.2.826.0.1.1.99"
        film.save_as(path)
    build(tmp_path / "archive", tmp_path / "index", Options(label_from="none"))
    told = check(tmp_path / "index")
    same = only(told, "same_pixels")
    assert [film.patient_id for film in same.films] == ["P-a", "P-c"]
    assert only(told, "two_patients").films == same.films


def test_a_volume_that_came_twice(tmp_path: Path) -> None:
    first = series(tmp_path / "archive" / "a", "a")
    shutil.copytree(first, tmp_path / "archive" / "b")
    build(tmp_path / "archive", tmp_path / "index", Options(label_from="none"))
    assert "two_patients" not in check(tmp_path / "index").found


def test_no_index(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusable):
        check(tmp_path)


def test_a_damaged_index(examples: Path, tmp_path: Path) -> None:
    small(examples, tmp_path, rows(examples, 2))
    heads = commit.opened(tmp_path / "index").path / "heads"
    (heads / "orientation.json").write_text("{}")
    with pytest.raises(IndexDamaged, match=r"orientation\.json is not what was written"):
        check(tmp_path / "index")
    with pytest.raises(IndexDamaged):
        read_heads(heads)


def test_the_table_of_checks() -> None:
    assert set(OF_LABELS) < set(CHECKS)
    assert all(callable(load(CHECKS, name, "check")) for name in CHECKS)


def test_a_code_that_is_not_ours_has_a_title() -> None:
    assert kind_of("too_dark").title == "Too dark"
    assert kind_of("rotated") is KINDS["rotated"]
