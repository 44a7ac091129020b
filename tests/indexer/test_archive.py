"""Archives as they lie on disks: what is listed, what is left out, and why."""

import os
from pathlib import Path

import pytest

from indexer.archive import folder_label, walk
from models.errors import NothingToIndex, UsageError


def made(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def test_a_folder_gives_its_files_sorted_and_leaves_out_what_is_no_scan(tmp_path: Path) -> None:
    made(
        tmp_path,
        *("b/2.png", "b/10.png", "a/x.dcm", "a.nii.gz", "without_suffix"),
        *("DICOMDIR", "README.md", "b/notes.TXT", "b/2.json", ".hidden.png", ".git/x.png"),
    )
    listing = walk(tmp_path)
    assert [entry.path for entry in listing.entries] == [
        *("a.nii.gz", "a/x.dcm", "b/10.png", "b/2.png", "without_suffix")
    ]
    assert [entry.label_from_folder for entry in listing.entries] == ["", "a", "b", "b", ""]
    assert listing.entries[1].size == 7
    assert listing.entries[1].mtime_ns == (tmp_path / "a/x.dcm").stat().st_mtime_ns
    assert listing.rejects == ()
    assert listing.remarks == (
        "tables, texts and the like beside the scans, left out: 4",
        "labels are taken from folder names (2 different)",
    )


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("12.png", ""),
        ("pneumonia/12.png", "pneumonia"),
        ("train/pneumonia/12.png", "pneumonia"),
        ("Training/glioma/images/12.png", "glioma"),
        ("fold_3/images/normal/12.png", "normal"),
        ("covid-19/P001/12.dcm", "covid-19"),
        ("20240131/normal/12.dcm", "normal"),
        ("1.2.840.113619/1.2.3/12.dcm", ""),
        ("images/12.png", ""),
        ("0/12.png", "0"),
        ("肺炎/12.png", "肺炎"),
    ],
)
def test_the_label_of_a_folder(path: str, label: str) -> None:
    assert folder_label(path) == label


def test_links_are_followed_inside_only(tmp_path: Path) -> None:
    root = made(tmp_path / "archive", "a.png", ".store/b.png", "sub/c.png")
    made(tmp_path, "secret.png", "elsewhere/d.png")
    (root / "b.png").symlink_to(".store/b.png")
    (root / "out.png").symlink_to(tmp_path / "secret.png")
    (root / "gone.png").symlink_to("nowhere.png")
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "loop").symlink_to(root)
    listing = walk(root)
    assert [entry.path for entry in listing.entries] == ["a.png", "b.png", "sub/c.png"]
    assert [(r.path, r.code) for r in sorted(listing.rejects, key=lambda r: r.path)] == [
        ("gone.png", "missing"),
        ("out.png", "outside"),
    ]
    assert "links to folders, not followed: 2" in listing.remarks
    link = tmp_path / "link"
    link.symlink_to(root)
    assert [entry.path for entry in walk(link).entries] == ["a.png", "b.png", "sub/c.png"]


def test_what_is_no_file_and_what_has_no_name_is_a_reject(tmp_path: Path) -> None:
    made(tmp_path, "a.png")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(b"x")
    listing = walk(tmp_path)
    assert [entry.path for entry in listing.entries] == ["a.png"]
    assert [(r.path, r.code) for r in sorted(listing.rejects, key=lambda r: r.path)] == [
        ("caf\\xe9.png", "bad_name"),
        ("pipe", "not_a_file"),
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_closed_folder_is_a_reject(tmp_path: Path) -> None:
    made(tmp_path, "a.png", "closed/b.png")
    (tmp_path / "closed").chmod(0)
    listing = walk(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert [(r.path, r.code) for r in listing.rejects] == [("closed", "permission")]


def test_an_index_inside_its_archive_is_left_out(tmp_path: Path) -> None:
    made(tmp_path, "a.png", "index/CURRENT", "index/gen-00000000000000000001/x.faiss")
    assert [entry.path for entry in walk(tmp_path).entries] == ["a.png"]


def test_one_file_is_an_archive(tmp_path: Path) -> None:
    made(tmp_path, "ill/a.png", "ill/b.png")
    listing = walk(tmp_path / "ill" / "a.png")
    assert listing.root == tmp_path / "ill"
    assert [entry.path for entry in listing.entries] == ["a.png"]


def test_what_holds_nothing(tmp_path: Path) -> None:
    with pytest.raises(NothingToIndex, match="holds no scan"):
        walk(tmp_path)
    made(tmp_path, "only/README.md")
    with pytest.raises(NothingToIndex, match="holds no scan"):
        walk(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        walk(tmp_path / "missing")
    (tmp_path / "cases.csv").write_text("path,label\n")
    with pytest.raises(NothingToIndex, match="has no rows"):
        walk(tmp_path)


def test_with_a_manifest_only_its_rows_count(tmp_path: Path) -> None:
    made(tmp_path, "a.png", "b.png", "other.png", "masks/a.png", "ct/2.dcm", "ct/1.dcm")
    (tmp_path / "cases.csv").write_text(
        "path,label,mask\n"
        "b.png,ill,masks/none.png\n"
        "a.png,normal,masks/a.png\n"
        "ct,covid-19,\n"
        "ct/2.dcm,normal,\n"
        "gone.png,normal,\n"
        "../x.png,normal,\n"
    )
    listing = walk(tmp_path)
    assert [
        (entry.path, entry.row.line, entry.row.label, entry.row.mask)
        for entry in listing.entries
        if entry.row
    ] == [
        ("b.png", 2, "ill", ""),
        ("a.png", 3, "normal", "masks/a.png"),
        ("ct/1.dcm", 4, "covid-19", ""),
        ("ct/2.dcm", 5, "normal", ""),
    ]
    assert [(r.path, r.code, r.sentence) for r in listing.rejects] == [
        ("cases.csv:7", "bad_row", "line 7: path leads out of the archive"),
        ("gone.png", "missing", "there is no such file (cases.csv, line 6)"),
    ]
    assert listing.remarks == ("masks that cases.csv names and that do not exist: 1",)
    assert walk(tmp_path / "cases.csv") == listing


def test_a_manifest_of_another_name_and_one_too_many(tmp_path: Path) -> None:
    made(tmp_path, "a.png", "b.png", "cases.parquet")
    (tmp_path / "mine.tsv").write_text("path\tlabel\na.png\tx\n")
    assert [entry.path for entry in walk(tmp_path / "mine.tsv").entries] == ["a.png"]
    (tmp_path / "cases.csv").write_text("path\na.png\n")
    with pytest.raises(UsageError, match=r"both cases\.csv and cases\.parquet"):
        walk(tmp_path)


def test_where_labels_come_from_is_checked(tmp_path: Path) -> None:
    made(tmp_path, "a.png")
    with pytest.raises(UsageError, match="labels cannot come from 'tags'; auto, manifest"):
        walk(tmp_path, "tags")
    with pytest.raises(UsageError, match=r"holds no cases\.csv or cases\.parquet"):
        walk(tmp_path, "manifest")
    (tmp_path / "cases.csv").write_text("path\na.png\n")
    with pytest.raises(UsageError, match="has no column `label`"):
        walk(tmp_path, "manifest")
    assert walk(tmp_path, "dicom").entries[0].label_from == "dicom"


def test_the_examples(examples: Path) -> None:
    listing = walk(examples / "archive")
    assert len(listing.entries) == 90
    assert listing.rejects == ()
    labels = {entry.row.label for entry in listing.entries if entry.row}
    assert labels == {"normal", "pneumonia", "tuberculosis"}
