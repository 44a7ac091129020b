"""What curators say of an archive: `curated.csv`, a table beside the archive's own.

It has columns of a manifest. What a row says of a file, or of all files in a folder, goes before
what the archive itself says; a row of a file goes before that of its folder. Scans that were added
lie in the folder `curated`. The archive's own manifest is never written.
"""

import csv
import fcntl
import io
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from indexer.commit import sync, write_file, writing
from indexer.manifest import read_manifest
from indexer.rejects import Reject
from indexer.row import Row
from indexer.sources import Entry, LabelFrom
from indexer.tree import Tree
from models.errors import UsageError

FILE = "curated.csv"
FOLDER = "curated"
COLUMNS = ("path", "label", "patient_id", "study_id", "findings")
_FORMULA = ("=", "+", "-", "@", "\t")

Said = dict[str, str]
"""A row of the table, by column."""


def with_curated(
    root: Path, entries: Iterable[Entry], label_from: LabelFrom
) -> tuple[tuple[Entry, ...], tuple[Reject, ...]]:
    """The entries with what curators say of them, and those that curators have added.

    Also the rows that break a rule. `label_from`: the archive's; what a curator says counts unless
    it is ``none``. Raises `UsageError` if there is a table that cannot be read.
    """
    entries = tuple(entries)
    if not (root / FILE).is_file():
        return entries, ()
    told = read_manifest(root / FILE, root)
    rows = {row.path: row for row in told.rows}
    there = {entry.path: entry for entry in entries}
    for entry in _added(Tree(root), rows, label_from):
        there.setdefault(entry.path, entry)
    return tuple(_told(entry, rows, label_from) for entry in there.values()), told.rejects


def _added(tree: Tree, rows: Mapping[str, Row], label_from: LabelFrom) -> Iterator[Entry]:
    for path in rows:
        if path.startswith(f"{FOLDER}/"):
            for file in tree.at(path):
                yield Entry(file.path, file.size, file.mtime_ns, None, "", label_from)


def _told(entry: Entry, rows: Mapping[str, Row], label_from: LabelFrom) -> Entry:
    path, found = entry.path, []
    while path:
        if path in rows:
            found.append(rows[path])
        path = posixpath.dirname(path)
    row = entry.row
    for said in reversed(found):
        row = _merged(row, said)
    labelled = any(said.label for said in found) and label_from != "none"
    return replace(entry, row=row, label_from="manifest" if labelled else entry.label_from)


def _merged(row: Row | None, said: Row) -> Row:
    if row is None:
        return replace(said, label=said.label or None)
    return replace(
        row,
        label=said.label or row.label,
        patient_id=said.patient_id or row.patient_id,
        study_id=said.study_id or row.study_id,
        findings=said.findings or row.findings,
    )


@contextmanager
def changing(root: Path) -> Iterator[dict[str, Said]]:
    """The table's rows by path; what they are when the block ends is written, whole or not at all.

    One process at a time. Raises `CannotWrite`, and `UsageError` if it is no such table.
    """
    with writing(root):
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        rows = _read(root / FILE)
        yield rows
        _write(root, rows)
    finally:
        os.close(folder)


def _read(path: Path) -> dict[str, Said]:
    if not path.exists():
        return {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, restkey="", restval=""))
    if any("path" not in row or "" in row for row in rows):
        raise UsageError(f"{path} is not as it was written; mend it, it is a CSV with commas")
    return {row["path"].strip(): row for row in rows}


def _write(root: Path, rows: Mapping[str, Said]) -> None:
    columns = dict.fromkeys((*COLUMNS, *(name for row in rows.values() for name in row)))
    text = io.StringIO()
    table = csv.DictWriter(text, list(columns), restval="", lineterminator="\n")
    table.writeheader()
    for row in rows.values():
        table.writerow({name: _harmless(value) for name, value in row.items()})
    new = root / f".{FILE}.new"
    write_file(new, text.getvalue().encode())
    with writing(root / FILE):
        new.replace(root / FILE)
        sync(root)


def _harmless(value: str) -> str:
    """A spreadsheet takes what begins so for a formula; a blank before it is read as none."""
    return f" {value}" if value.startswith(_FORMULA) else value
