"""Scans that were described but not committed yet: what an interrupted run need not do again.

Parts of up to `ROWS` instances, each written under a temporary name and renamed, in a folder named
by the identity of the configuration: another configuration never finds them.
"""

import contextlib
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from indexer import cells_store, store
from indexer.archive import Entry
from indexer.commit import WORK, sync, writing
from indexer.describe import Described
from indexer.quality import joined

ROWS = 256
_NAME = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file that was taken: when its size and time are unchanged it is not read again."""

    path: str
    source: str
    bytes: int
    mtime_ns: int
    sha256: str
    header: str = ""
    series: str = ""


def by_source(records: Iterable[FileRecord]) -> dict[str, list[FileRecord]]:
    """The files of each source."""
    found: dict[str, list[FileRecord]] = defaultdict(list)
    for record in records:
        found[record.source].append(record)
    return found


def as_they_were(
    records: Iterable[FileRecord], entries: Iterable[Entry]
) -> dict[str, list[FileRecord]]:
    """The files of each source none of whose files has another size or time, or is gone."""
    stamps = {entry.path: (entry.size, entry.mtime_ns) for entry in entries}
    return {
        source: files
        for source, files in by_source(records).items()
        if all(stamps.get(file.path) == (file.bytes, file.mtime_ns) for file in files)
    }


Taken = tuple[str, Described, list[str]]
"""A source, what it was described as, and its files."""


class Workbench:
    """Takes described scans, keeps them on disk, and gives them back in the order of taking."""

    def __init__(self, index: Path, identity: str) -> None:
        """`identity`: of the configuration, see `indexer.config`."""
        self._root = index / WORK
        self._folder = self._root / identity[:16]
        self._held: list[Taken] = []
        self._files: list[FileRecord] = []
        self._count = 0

    def files(self) -> list[FileRecord]:
        """The files of every scan that is kept here.

        A part that was not written whole is removed: the machine may have stopped before it
        reached the disk.
        """
        found = []
        for path in self._parts():
            try:
                told = json.loads(pq.ParquetFile(path).read(["source"]).schema.metadata[b"files"])
                found += [FileRecord(**record) for record in told]
            except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
                path.unlink(missing_ok=True)
        return found

    def add(self, source: str, described: Described, files: list[FileRecord]) -> None:
        """Takes one scan; writes a part whenever there are enough. Raises `CannotWrite`."""
        self._held.append((source, described, [record.path for record in files]))
        self._files += files
        self._count += len(described.slices)
        if self._count >= ROWS:
            self.flush()

    def flush(self) -> None:
        """Writes what is held. Raises `CannotWrite`."""
        if not self._held:
            return
        told = json.dumps([asdict(record) for record in self._files])
        table = rows_of(self._held).replace_schema_metadata({"files": told})
        last = max((int(path.stem) for path in self._parts()), default=-1)
        path = self._folder / f"{last + 1:08d}.parquet"
        with writing(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            with path.with_suffix(".new").open("wb") as handle:
                pq.write_table(table, handle, compression="none")
            sync(path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
            sync(self._folder)
        self._held, self._files, self._count = [], [], 0

    def tables(self, sources: set[str]) -> Iterator[pa.Table]:
        """The rows of these sources, part by part; of a source taken twice, those taken last."""
        parts = self._parts()
        last: dict[str, Path] = {}
        for path in parts:
            last |= dict.fromkeys(store.read(path, ["source"]).column(0).unique().to_pylist(), path)
        for path in parts:
            table = store.read(path)
            wanted = [s in sources and last[s] == path for s in table.column("source").to_pylist()]
            if any(wanted):
                yield table.filter(pa.array(wanted)).replace_schema_metadata(None)

    def clear(self) -> None:
        """Forgets everything, of other configurations too."""
        for folder in self._root.glob("*"):
            if _NAME.fullmatch(folder.name):  # nothing that somebody else has put there
                shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._root.rmdir()

    def _parts(self) -> list[Path]:
        return sorted(self._folder.glob("*.parquet"))


def rows_of(taken: Sequence[Taken]) -> pa.Table:
    """One row an instance: identity, image blocks and preview. At least one scan."""
    columns: dict[str, list[Any]] = {name: [] for name in store.IDENTITY.names}
    for source, told, paths in taken:
        count = len(told.slices)
        columns["instance_id"] += [source if i < 0 else f"{source}#{i}" for i in told.slices]
        columns["source"] += [source] * count
        columns["path"] += [paths[number] for number in told.files]
        columns["slice_index"] += told.slices
        columns["rows"] += [told.shape[0]] * count
        columns["columns"] += [told.shape[1]] * count
        columns["quality"] += [joined(told.quality)] * count
        columns["segmentation"] += [told.segmentation] * count
    table = pa.table({f.name: pa.array(columns[f.name], f.type) for f in store.IDENTITY})
    for name in taken[0][1].blocks:
        vectors = np.concatenate([told.blocks[name] for _, told, _ in taken])
        table = table.append_column(name, store.block_column(vectors))
    previews = [preview for _, told, _ in taken for preview in told.previews]
    table = table.append_column(store.PREVIEW, pa.array(previews, pa.binary()))
    return cells_store.with_cells(table, [told for _, told, _ in taken])
