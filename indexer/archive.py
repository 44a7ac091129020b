"""What an archive is, and which files it holds.

A folder; a folder with a manifest (`cases.csv` or `cases.parquet`) in it; a manifest itself; or one
file. With a manifest only what its rows name belongs to the archive: files, or folders of slices.
Without one every file does, and the first folder that is named neither after a split nor after a
kind of file gives the label: `train/pneumonia/12.png` is labelled "pneumonia". What curators say of
it goes before all of this (`indexer.curated`).
"""

import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from indexer.curated import with_curated
from indexer.facts import case_key, facts_of, settle_labels
from indexer.manifest import TABLES, Manifest, read_manifest
from indexer.rejects import Reject
from indexer.row import Row
from indexer.sources import LABEL_SOURCES, Entry, LabelFrom, Source, group, source_of
from indexer.tree import File, Tree
from models.errors import NothingToIndex, UsageError

__all__ = [
    "Entry",
    "LabelFrom",
    "Listing",
    "Source",
    "case_key",
    "facts_of",
    "folder_label",
    "group",
    "settle_labels",
    "source_of",
    "walk",
]

MANIFESTS = ("cases.csv", "cases.parquet")
# Splits, and folders that say what kind of file is in them rather than what the patient has.
PASSING = re.compile(
    r"train(ing)?|tests?|testing|val|valid|validation|dev|eval|holdout|archive|query|queries"
    r"|fold[-_ ]?\d+|images?|imgs?|pictures?|scans?|data|dataset|dicoms?|dcm|nifti|png|jpe?g|tiff?"
    r"|[\d.]{3,}",  # dates, patients' numbers, UIDs
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of an archive. `root`: what paths are relative to.

    `entries`: by path; with a manifest in the order of its rows. `remarks`: for a person.
    """

    root: Path
    entries: tuple[Entry, ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]

    def state(self, *columns: str) -> list[Any]:
        """What decides what is read from it, as JSON: files, rows, masks, by size and time.

        `columns`: further ones of the manifest that name files, besides `mask`.
        """
        return [
            (
                *(entry.path, entry.size, entry.mtime_ns, repr(entry.row)),
                entry.label_from_folder,
                [self._stamp(name) for name in _named(entry.row, columns)],
            )
            for entry in self.entries
        ]

    def _stamp(self, name: str) -> tuple[int, int] | None:
        try:
            status = (self.root / name).stat()
        except (OSError, ValueError):
            return None
        return status.st_size, status.st_mtime_ns


def _named(row: Row | None, columns: Iterable[str]) -> list[str]:
    """The files that a row names besides its own."""
    if row is None:
        return []
    return [name for name in (row.mask, *(row.extra.get(one, "") for one in columns)) if name]


def walk(archive: Path, label_from: str = "auto") -> Listing:
    """The files of `archive`.

    `label_from`: auto, manifest, folder, dicom or none. Raises `UsageError` if there is no such
    archive, it cannot be opened or has no label column that was asked for, `NothingToIndex` if it
    is empty.
    """
    source = _known(label_from)
    manifest = _manifest_of(archive)
    if manifest is None:
        return _of_files(archive, source)
    listed = read_manifest(manifest)
    if source == "manifest" and all(row.label is None for row in listed.rows):
        raise UsageError(f"labels from the manifest: {manifest} has no column `label`")
    if not listed.rows and not listed.rejects:
        raise NothingToIndex(f"{manifest} has no rows")
    return _of_rows(manifest, listed, source)


def folder_label(path: str) -> str:
    """The label that the folders of a path give, or ""."""
    for name in PurePosixPath(path).parts[:-1]:
        if not PASSING.fullmatch(name.strip()):
            return name.strip()
    return ""


def _known(label_from: str) -> LabelFrom:
    for known in LABEL_SOURCES:
        if label_from == known:
            return known
    raise UsageError(f"labels cannot come from {label_from!r}; {', '.join(LABEL_SOURCES)}")


def _manifest_of(archive: Path) -> Path | None:
    try:
        kind = archive.stat().st_mode
    except OSError as error:
        raise UsageError(f"{archive} cannot be opened: {error.strerror}") from error
    if not stat.S_ISDIR(kind):
        return archive if archive.suffix.lower() in TABLES else None
    try:
        next(archive.iterdir(), None)
    except OSError as error:
        raise UsageError(f"{archive} cannot be opened: {error.strerror}") from error
    there = [archive / name for name in MANIFESTS if (archive / name).is_file()]
    if len(there) > 1:
        raise UsageError(
            f"{archive} holds both {MANIFESTS[0]} and {MANIFESTS[1]}; give one of them as archive"
        )
    return there[0] if there else None


def _of_files(archive: Path, label_from: LabelFrom) -> Listing:
    if label_from == "manifest":
        names = " or ".join(MANIFESTS)
        raise UsageError(f"labels from the manifest: {archive} holds no {names}")
    alone = not archive.is_dir()
    if alone:
        archive = archive.resolve()  # a link that is given by name may lead anywhere
    root = archive.parent if alone else archive
    tree = Tree(root)
    files = tree.file(archive.name) if alone else tree.files()
    entries = tuple(_entry(file, None, label_from) for file in files)
    entries, unruly = (entries, ()) if alone else with_curated(root, entries, label_from)
    if not entries and not tree.rejects:
        raise NothingToIndex(
            f"{archive} holds no scan; give a folder with DICOM, NIfTI or picture files"
        )
    labels = {entry.label_from_folder for entry in entries} - {""}
    remarks = list(tree.remarks())
    if labels and label_from == "auto":
        remarks.append(f"labels are taken from folder names ({len(labels)} different)")
    return Listing(root, entries, (*tree.rejects, *unruly), tuple(remarks))


def _of_rows(manifest: Path, listed: Manifest, label_from: LabelFrom) -> Listing:
    tree = Tree(manifest.parent)
    rows, lost = _with_masks(tree, listed.rows)
    named = {row.path for row in rows}
    entries: dict[str, Entry] = {}
    rejects = list(listed.rejects)
    for row in rows:
        before = len(tree.rejects)
        for file in tree.at(row.path):
            # A row of its own says more of a file than that of its folder.
            if file.path == row.path or file.path not in named:
                entries.setdefault(file.path, _entry(file, row, label_from))
        rejects += (
            replace(reject, sentence=f"{reject.sentence} ({manifest.name}, line {row.line})")
            for reject in tree.rejects[before:]
        )
    remarks = [*listed.remarks, *tree.remarks()]
    if lost:
        remarks.append(f"masks that {manifest.name} names and that do not exist: {lost}")
    told, unruly = with_curated(manifest.parent, entries.values(), label_from)
    return Listing(manifest.parent, told, (*rejects, *unruly), tuple(remarks))


def _with_masks(tree: Tree, rows: Iterable[Row]) -> tuple[list[Row], int]:
    """The rows without the masks that are not there, and how many those are."""
    kept = [row if not row.mask or tree.holds(row.mask) else replace(row, mask="") for row in rows]
    return kept, sum(old.mask != new.mask for old, new in zip(rows, kept, strict=True))


def _entry(file: File, row: Row | None, label_from: LabelFrom) -> Entry:
    return Entry(file.path, file.size, file.mtime_ns, row, folder_label(file.path), label_from)
