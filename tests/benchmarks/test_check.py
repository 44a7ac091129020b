"""The figures of the checks are those of what was put in."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import check_duplicates as duplicates
from benchmarks import check_labels as labels
from benchmarks.changes import NEARLY_THE_SAME, WRONG, changed
from benchmarks.check import halves
from benchmarks.films import Film, films_of
from indexer.check import Film as Told
from indexer.check import Finding
from indexer.check.run import Report


@pytest.fixture
def films(examples: Path) -> list[Film]:
    return [film for film in films_of(examples / "archive") if film.path.suffix == ".jpg"]


@pytest.mark.parametrize("name", [*NEARLY_THE_SAME, *WRONG])
def test_a_change_leaves_a_film(films: list[Film], tmp_path: Path, name: str) -> None:
    import cv2

    change = (NEARLY_THE_SAME | WRONG)[name]
    written = changed(films[0].path, change, tmp_path / "film.png")
    before, after = (cv2.imread(str(p), cv2.IMREAD_GRAYSCALE) for p in (films[0].path, written))
    assert before is not None and after is not None
    assert min(after.shape) >= min(before.shape) // 4
    assert before.shape != after.shape or np.any(before != after)


def test_halves_share_no_patient(films: list[Film]) -> None:
    first, rest = halves(films)
    assert len(first) + len(rest) == len(films)
    patients = [{film.row["patient_id"] for film in some} for some in (first, rest)]
    assert not patients[0] & patients[1]


def test_copies_are_planted_once_each(films: list[Film], tmp_path: Path) -> None:
    planted = duplicates.plant(films, tmp_path / "archive", each=2)
    rows = {film.row["path"]: film for film in films_of(tmp_path / "archive")}
    assert len(planted.copies) == 2 * (len(NEARLY_THE_SAME) + 2)
    assert len({original for _, original in planted.copies.values()}) == len(planted.copies)
    for path, (name, original) in planted.copies.items():
        assert rows[path].row["patient_id"] != rows[original].row["patient_id"]
        assert rows[path].row["label"] != rows[original].row["label"]
        same = rows[path].path.read_bytes() == rows[original].path.read_bytes()
        assert same == (name == "same_bytes")


def test_recall_and_precision() -> None:
    copies = {"c1": ("half as large", "o1"), "c2": ("half as large", "o2")}
    groups = [("c1", "o1"), ("o3", "o4"), ("c2", "o2", "o5")]
    findings = tuple(
        Finding("near_duplicate", "", tuple(Told(path) for path in group)) for group in groups
    )
    report = Report("", "", {}, findings)
    figures = {
        figure.name: figure.value
        for figure in duplicates.measure(report, duplicates.Planted(Path(), copies), "")
    }
    assert figures["half as large: found (recall)"] == 1.0
    assert figures["precision of all groups"] == pytest.approx(1 / 3)
    assert figures["groups that were not put in"] == 2
    assert figures["two_patients: found (recall)"] == 0.0


def test_films_that_are_there_twice_are_taken_once(films: list[Film]) -> None:
    assert len(duplicates.once([films[0], films[1], films[0]])) == 2


def test_wrong_labels_among_clear_ones_are_found() -> None:
    random = np.random.default_rng(0)
    codes = np.repeat([0, 1], 100).astype(np.intp)
    vectors = random.standard_normal((200, 20)) * 0.3
    vectors[np.arange(200), codes] += 3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    films = labels.Labelled(
        vectors.astype(np.float32), codes, np.arange(200), np.zeros(200, np.intp), ("",) * 200
    )
    figures = {
        figure.name: figure.value for figure in labels.measure(films, np.ones(200, bool), "")
    }
    assert len(figures) == 30
    assert figures["2% wrong, any other: precision"] > 0.95
    assert figures["2% wrong, any other: recall"] >= 0.6
    assert figures["5% wrong, of the same source: average precision"] > 0.95
    assert figures["10% wrong, any other: precision at n"] > 0.9
