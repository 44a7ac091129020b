"""Films that have another name or place now, and need not be described again.

A file that is new by its name is compared, if its size is that of one that is gone, by its hash;
its bytes are not decoded. What the index knows of the old one is then told of the new one: the same
bytes give the same description.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer import cells_store, store
from indexer.archive import Source
from indexer.commit import sha256_of
from indexer.describe import Described
from indexer.previous import Previous
from indexer.scan import Header
from indexer.store import PREVIEW
from indexer.work import FileRecord

_GIVEN = "given"
"""A segmentation that comes from a mask file, which the bytes of the film do not tell."""

IMAGE_BLOCKS = ("colour", "edge", "embedding")


@dataclass(frozen=True, slots=True)
class Moved:
    """A scan that is to be described, and the file that it was before."""

    source: Source
    record: FileRecord


def moved(
    todo: Iterable[Source], vanished: frozenset[str], previous: Previous, root: Path
) -> list[Moved]:
    """Those of `todo` whose one file has the bytes of one that is gone. `root`: the archive."""
    gone: dict[int, list[FileRecord]] = {}
    for record in _single(previous.files.values()):
        if record.source in vanished:
            gone.setdefault(record.bytes, []).append(record)
    found = []
    for source in todo:
        if len(source.paths) > 1 or source.mask or source.series:
            continue
        before = _same_bytes(root / source.key, gone)
        if before is not None:
            found.append(Moved(source, before))
    return found


def descriptions(found: Sequence[Moved], previous: Previous) -> Iterator[tuple[str, Described]]:
    """The key of each scan, and what the index knows of it by its old name."""
    wanted: dict[str, list[Moved]] = {}
    for one in found:
        wanted.setdefault(one.record.source, []).append(one)
    kept = previous.store
    if kept is None:
        return
    for name in kept.parts() if wanted else []:
        table = kept.instances(name)
        pictures = kept.previews(name).column(PREVIEW)
        regions = kept.regions(name)
        rows: dict[str, list[int]] = {}
        for place, source in enumerate(table.column("source").to_pylist()):
            if source in wanted:
                rows.setdefault(source, []).append(place)
        for old, places in rows.items():
            told = table.take(places)
            if any(one.startswith(_GIVEN) for one in told.column("segmentation").to_pylist()):
                continue
            previews = tuple(pictures.take(places).to_pylist())
            cells = None if regions is None else regions.take(places)
            for one in wanted[old]:
                described = _described(told, previews, one.record)
                yield one.source.key, cells_store.told_of(described, cells)


def _single(records: Iterable[FileRecord]) -> list[FileRecord]:
    """The files that are a scan of their own, and not a slice of a series."""
    return [one for one in records if one.path == one.source and not one.series]


def _same_bytes(path: Path, gone: Mapping[int, Sequence[FileRecord]]) -> FileRecord | None:
    try:
        rivals = gone.get(path.stat().st_size, ())
        digest = sha256_of(path) if rivals else ""
    except OSError:
        return None
    return next((record for record in rivals if record.sha256 == digest), None)


def _described(told: Any, previews: tuple[bytes, ...], record: FileRecord) -> Described:
    """`told`: the rows (a table) of the scan by its old name."""
    first = told.slice(0, 1).to_pylist()[0]
    return Described(
        header=Header(**json.loads(record.header)) if record.header else Header(),
        blocks={name: store.block_of(told, name) for name in IMAGE_BLOCKS},
        previews=previews,
        slices=tuple(told.column("slice_index").to_pylist()),
        shape=(first["rows"], first["columns"]),
        quality=(first["quality"],) if first["quality"] else (),
        segmentation=first["segmentation"],
        sha256=(record.sha256,),
        files=(0,) * len(told),
    )
