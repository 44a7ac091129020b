"""Archives of any size, made of the example films."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.films import films_of, make_archive, with_comment


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "cases.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_films_of_a_folder_come_in_the_order_of_its_manifest(examples: Path) -> None:
    films = films_of(examples / "archive")
    assert len(films) == 90
    assert [film.row for film in films] == rows_of(examples / "archive")
    assert all(film.path.is_file() for film in films)


def test_a_small_archive_holds_the_first_films_as_they_are(examples: Path, tmp_path: Path) -> None:
    films = films_of(examples / "archive")
    archive = make_archive(films, 3, tmp_path)
    rows = rows_of(archive)
    assert [row["patient_id"] for row in rows] == [film.row["patient_id"] for film in films[:3]]
    for row, film in zip(rows, films, strict=False):
        assert (archive / row["path"]).read_bytes() == film.path.read_bytes()


def test_a_large_archive_repeats_jpegs_as_other_files_of_other_patients(
    examples: Path, tmp_path: Path
) -> None:
    films = films_of(examples / "archive")[:4]
    archive = make_archive(films, 9, tmp_path)
    rows = rows_of(archive)
    contents = {(archive / row["path"]).read_bytes() for row in rows}
    assert len(rows) == len(contents) == 9
    assert len({row["patient_id"] for row in rows}) > len({f.row["patient_id"] for f in films})
    assert not any(row["path"].endswith(".dcm") for row in rows[4:])


def test_a_comment_changes_the_bytes_and_not_the_picture(examples: Path) -> None:
    jpeg = (examples / "queries" / "Montgomery_0372.jpg").read_bytes()
    other = with_comment(jpeg, "copy 1")
    assert len(other) == len(jpeg) + 10
    before, after = (cv2.imdecode(np.frombuffer(data, np.uint8), -1) for data in (jpeg, other))
    assert before is not None
    assert after is not None
    assert np.array_equal(before, after)


def test_only_jpegs_take_comments() -> None:
    with pytest.raises(ValueError, match="no JPEG"):
        with_comment(b"DICM", "copy 1")


def test_dicom_films_alone_are_not_repeated(examples: Path, tmp_path: Path) -> None:
    films = [film for film in films_of(examples / "archive") if film.path.suffix == ".dcm"]
    with pytest.raises(ValueError, match="need repeats"):
        make_archive(films, len(films) + 1, tmp_path)
