"""What curators say of an archive goes before what it says itself."""

import shutil
from pathlib import Path

import pytest

from indexer.archive import Listing, walk
from indexer.curated import FILE, changing
from indexer.facts import label_of
from indexer.scan import Header
from indexer.sources import Entry, source_of
from models.errors import UsageError
from tests.manifests import write_manifest


def labels(listing: Listing) -> dict[str, str]:
    return {entry.path: label(entry) for entry in listing.entries}


def label(entry: Entry) -> str:
    return label_of(source_of([entry]), Header(label="by the file"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two empty files in folders named after labels, and a scan that a curator has added."""
    for path in ("normal/a.png", "mass/b.png", "curated/added-1/scan.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    with changing(tmp_path) as rows:
        rows["normal/a.png"] = {"path": "normal/a.png", "label": "pneumonia"}
        rows["curated/added-1"] = {
            "path": "curated/added-1",
            "label": "cyst",
            "patient_id": "P-1",
            "findings": "- round, 3 mm",
        }
    return tmp_path


@pytest.mark.parametrize(
    ("label_from", "expected"),
    [
        ("auto", ("cyst", "mass", "pneumonia")),
        ("folder", ("cyst", "mass", "pneumonia")),
        ("dicom", ("cyst", "by the file", "pneumonia")),
        ("none", ("", "", "")),
    ],
)
def test_in_a_folder(folder: Path, label_from: str, expected: tuple[str, ...]) -> None:
    found = labels(walk(folder, label_from))
    names = ("curated/added-1/scan.png", "mass/b.png", "normal/a.png")
    assert found == dict(zip(names, expected, strict=True))


def test_beside_a_manifest(folder: Path) -> None:
    rows = [
        {"path": "normal", "label": "normal", "patient_id": "N", "ward": "east"},
        {"path": "mass/b.png", "label": "mass", "patient_id": "M", "ward": ""},
    ]
    write_manifest(folder, rows)
    listing = walk(folder)
    told = {entry.path: entry.row for entry in listing.entries}
    assert labels(listing) == {
        "normal/a.png": "pneumonia",
        "mass/b.png": "mass",
        "curated/added-1/scan.png": "cyst",
    }
    relabelled, added = told["normal/a.png"], told["curated/added-1/scan.png"]
    assert relabelled is not None
    assert (relabelled.patient_id, relabelled.extra) == ("N", {"ward": "east"})
    assert added is not None
    assert (added.patient_id, added.findings) == ("P-1", "- round, 3 mm")


def test_a_label_of_a_file_goes_before_that_of_its_folder(folder: Path) -> None:
    with changing(folder) as rows:
        path = "curated/added-1/scan.png"
        rows[path] = {"path": path, "label": "abscess"}
    write_manifest(folder, [{"path": "mass/b.png", "label": "mass"}])
    (entry,) = (one for one in walk(folder).entries if one.path == path)
    assert label(entry) == "abscess"
    assert entry.row is not None
    assert entry.row.patient_id == "P-1"


def test_what_is_gone_is_no_fault_and_a_bad_row_is_one(folder: Path) -> None:
    shutil.rmtree(folder / "curated")
    (folder / "normal/a.png").unlink()
    with changing(folder) as rows:
        rows["../up"] = {"path": "../up", "label": "x"}
    listing = walk(folder)
    assert labels(listing) == {"mass/b.png": "mass"}
    assert [reject.path for reject in listing.rejects] == [f"{FILE}:4"]


def test_a_name_that_looks_like_a_formula_is_said_of_twice(folder: Path) -> None:
    (folder / "=a.png").write_bytes(b"x")
    for word in ("cyst", "abscess"):
        with changing(folder) as rows:
            rows["=a.png"] = {"path": "=a.png", "label": word}
    assert labels(walk(folder))["=a.png"] == "abscess"
    assert "\n =a.png" in (folder / FILE).read_text()


def test_a_broken_block_writes_nothing(folder: Path) -> None:
    before = (folder / FILE).read_bytes()
    with pytest.raises(RuntimeError), changing(folder) as rows:
        rows.clear()
        raise RuntimeError
    assert (folder / FILE).read_bytes() == before


def test_another_kind_of_table_is_not_overwritten(folder: Path) -> None:
    (folder / FILE).write_text("path;label\na;b;c\n")
    with pytest.raises(UsageError, match="not as it was written"), changing(folder):
        pass
    assert (folder / FILE).read_text() == "path;label\na;b;c\n"
