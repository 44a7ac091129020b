"""A query's files, and that they are described as those of the archive are."""

from pathlib import Path

import numpy as np
import pytest

from indexer.store import Store, block_of
from models.errors import UnreadableScan
from retrieval.index import OpenIndex
from retrieval.scans import ScanReader, scan_files
from tests.retrieval.films import KNOWN, series


def test_a_file_is_itself(tmp_path: Path) -> None:
    (tmp_path / "film.png").write_bytes(b"")
    assert scan_files(tmp_path / "film.png") == (str(tmp_path / "film.png"),)


def test_a_folder_is_what_an_archive_would_take_of_it(tmp_path: Path) -> None:
    for name in ("b.dcm", "a.dcm", "deeper/c.dcm", ".hidden", "notes.txt", "DICOMDIR", "x.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    names = [Path(file).relative_to(tmp_path).as_posix() for file in scan_files(tmp_path)]
    assert names == ["a.dcm", "b.dcm", "deeper/c.dcm"]


@pytest.mark.parametrize(
    ("scan", "code", "words"),
    [
        ("none", "missing", "there is no file or folder"),
        ("notes.txt/film", "missing", "there is no file or folder"),
        (".", "empty", "cannot be asked about: it holds no DICOM, NIfTI or picture"),
        ("a" * 300, "unreadable", "cannot be opened: File name too long"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, scan: str, code: str, words: str) -> None:
    (tmp_path / "notes.txt").write_text("no film")
    with pytest.raises(UnreadableScan, match=words) as refused:
        scan_files(tmp_path / scan)
    assert refused.value.code == code


def test_a_query_is_described_as_the_archive_was(index: Path, archive: Path) -> None:
    reader = ScanReader()
    try:
        reader.start("efficientnet-lite0")
        opened = OpenIndex(index)
        told = reader.describe(archive / KNOWN, opened)
    finally:
        reader.close()
    store = Store(opened.generation.path)
    table = store.instances(store.parts()[0])
    row = table.column("path").to_pylist().index(KNOWN)
    for name in ("colour", "edge", "embedding"):
        np.testing.assert_array_equal(told.blocks[name][0], block_of(table, name)[row])
    assert told.previews[0] == store.preview([row])[row]


def test_a_series_is_one_scan_and_two_are_none(volume_index: Path, tmp_path: Path) -> None:
    series(tmp_path / "scan", "d", seed=3)
    (tmp_path / "scan" / "report.txt").write_text("beside it")
    reader = ScanReader()
    try:
        opened = OpenIndex(volume_index)
        told = reader.describe(tmp_path / "scan", opened)
        assert told.slices == (0, 1, 2, 3, 4, 5)
        assert (told.header.patient_id, told.header.modality) == ("P-d", "CT")
        series(tmp_path / "scan", "e", seed=4)
        with pytest.raises(UnreadableScan, match="not slices of one volume") as refused:
            reader.describe(tmp_path / "scan", opened)
        assert refused.value.code == "inconsistent_series"
    finally:
        reader.close()
