"""What the pipeline does not take, and says so."""

from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage

from indexer import commit
from indexer.config import Config
from indexer.pipeline import Options, build
from indexer.store import Store
from models.errors import NothingToIndex, UsageError
from tests.manifests import manifest_of, write_manifest


def test_a_step_that_cannot_be_done_on_a_scan_is_a_reject(archive: Path, tmp_path: Path) -> None:
    # The films do not tell how large their pixels are.
    config = Config(preprocess={"CR": ("gaussian:1mm",)})
    films = {p.relative_to(archive).as_posix() for p in archive.rglob("*.dcm")}
    summary = build(archive, tmp_path / "ix", Options(config=config))
    assert films
    assert {reject.path: reject.code for reject in summary.rejects} == dict.fromkeys(
        films, "unsuited"
    )
    assert summary.cases == 12 - len(films)


def test_what_cannot_be_taken_is_named_with_a_reason(archive: Path, tmp_path: Path) -> None:
    films = sorted(archive.rglob("*.jpg"))
    rows = manifest_of(archive)
    bad = {
        "empty.jpg": b"",
        "text.png": b"this is no picture",
        "half.jpg": films[0].read_bytes()[: films[0].stat().st_size // 2],
        "twice.jpg": films[0].read_bytes(),
    }
    for name, data in bad.items():
        (archive / name).write_bytes(data)
    extra = [{**rows[0], "path": name, "study_id": name} for name in [*bad, "gone.jpg"]]
    write_manifest(archive, [*rows, *extra, {**rows[0], "path": "../x.jpg"}])
    summary = build(archive, tmp_path / "ix")
    codes = {reject.path: reject.code for reject in summary.rejects}
    assert codes == {
        "empty.jpg": "empty",
        "text.png": "unknown_format",
        "half.jpg": "truncated",
        "twice.jpg": "duplicate",
        "gone.jpg": "missing",
        "cases.csv:19": "bad_row",
    }
    assert summary.cases == 12
    stored = Store(commit.opened(tmp_path / "ix").path).table("rejects").to_pylist()
    assert {row["path"]: row["code"] for row in stored} == codes
    assert all(row["sentence"] for row in stored)
    again = build(archive, tmp_path / "ix")
    assert {reject.path: reject.code for reject in again.rejects} == codes
    assert not again.committed


def test_two_labels_of_one_case_leave_it_unlabelled(archive: Path, tmp_path: Path) -> None:
    rows = manifest_of(archive)
    rows[0] |= {"patient_id": "one", "study_id": "s", "label": "normal"}
    rows[5] |= {"patient_id": "one", "study_id": "s", "label": "pneumonia"}
    write_manifest(archive, rows)
    summary = build(archive, tmp_path / "ix")
    assert summary.cases == 11
    assert sum(summary.labels.values()) == 10
    assert any("contradicting labels" in remark for remark in summary.remarks)


def test_an_archive_without_any_scan_is_nothing_to_index(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "a.jpg").write_bytes(b"no")
    with pytest.raises(NothingToIndex, match="none of the 1 files"):
        build(tmp_path / "archive", tmp_path / "ix")
    assert commit.live(tmp_path / "ix") is None
    with pytest.raises(UsageError):
        build(tmp_path / "nowhere", tmp_path / "ix")


def test_what_cannot_be_read_at_this_moment_is_not_pruned(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    rows = manifest_of(archive)
    (archive / rows[0]["path"]).write_bytes(b"")
    (archive / rows[1]["path"]).unlink()
    write_manifest(archive, [rows[0], *rows[2:]])
    summary = build(archive, tmp_path / "ix", Options(prune=True))
    assert [reject.code for reject in summary.rejects] == ["empty"]
    assert (summary.removed, summary.cases) == (1, 11)


def test_a_series_that_was_refused_is_refused_again(
    examples: Path, archive: Path, tmp_path: Path
) -> None:
    film = pydicom.dcmread(next((examples / "archive").rglob("*.dcm")))
    film.decompress()
    film.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    rows = manifest_of(archive)
    for number in range(4):
        film.Modality, film.SOPInstanceUID = "CT", f"1.2.3.{number}"
        film.SOPClassUID = film.file_meta.MediaStorageSOPClassUID = CTImageStorage
        film.ImagePositionPatient = [0, 0, number]
        film.PixelSpacing = [1 + (number == 2), 1]
        film.SeriesInstanceUID = "1.2.3"
        film.save_as(archive / f"s{number}.dcm")
    slices = [{**rows[0], "path": f"s{n}.dcm", "patient_id": "p", "study_id": ""} for n in range(4)]
    write_manifest(archive, [*rows, *slices])
    first = build(archive, tmp_path / "ix")
    second = build(archive, tmp_path / "ix")
    assert {reject.path for reject in first.rejects} == {f"s{n}.dcm" for n in range(4)}
    assert second.rejects == first.rejects
    assert not second.committed
