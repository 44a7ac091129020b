"""Has scans described and takes them to the workbench; what cannot be taken becomes a reject."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from indexer.archive import Entry, Source
from indexer.describe import Described, Describer, Task
from indexer.previous import header_json
from indexer.rejects import DUPLICATE, Reject
from indexer.work import FileRecord, Workbench
from models.errors import UnreadableScan

Progress = Callable[[str, int, int], None]


class Taker:
    """Has scans described and puts them on the workbench."""

    def __init__(
        self,
        describer: Describer,
        bench: Workbench,
        root: Path,
        entries: Sequence[Entry],
        known: Iterable[FileRecord],
    ) -> None:
        """`root`: the archive. `entries`: its files. `known`: files that were taken before."""
        self._describer, self._bench, self._root = describer, bench, root
        self._entries = {entry.path: entry for entry in entries}
        self._sources = _hashes(known, self._entries)

    def take(self, sources: Sequence[Source], progress: Progress) -> list[Reject]:
        """Describes every source; gives the rejects. Raises `CannotWrite`."""
        rejects = []
        by_key = {source.key: source for source in sources}
        done = 0
        progress("describe", done, len(sources))
        try:
            for key, outcome in self._describer.describe(self._tasks(sources)):
                refused = self._took(by_key[key], outcome)
                if refused is not None:
                    rejects.append(refused)
                done += 1
                progress("describe", done, len(sources))
        finally:  # an interruption keeps what was done
            self._bench.flush()
        return rejects

    def _tasks(self, sources: Iterable[Source]) -> Iterable[Task]:
        for source in sources:
            mask = str(self._root / source.mask) if source.mask else ""
            yield Task(source.key, tuple(str(self._root / path) for path in source.paths), mask)

    def _took(self, source: Source, outcome: Described | UnreadableScan) -> Reject | None:
        if isinstance(outcome, UnreadableScan):
            return Reject(source.key, outcome.code, str(outcome))
        first = self._sources.setdefault(tuple(sorted(outcome.sha256)), source.key)
        if first != source.key:
            return Reject(source.key, DUPLICATE, f"the same bytes as {first}")
        header = header_json(asdict(outcome.header))
        self._bench.add(
            source.key,
            outcome,
            [
                self._record(source, path, sha256, header if place == 0 else "")
                for place, (path, sha256) in enumerate(
                    zip(source.paths, outcome.sha256, strict=True)
                )
            ],
        )
        return None

    def _record(self, source: Source, path: str, sha256: str, header: str) -> FileRecord:
        entry = self._entries[path]
        return FileRecord(
            path, source.key, entry.size, entry.mtime_ns, sha256, header, source.series
        )


def _hashes(
    records: Iterable[FileRecord], entries: Mapping[str, Entry]
) -> dict[tuple[str, ...], str]:
    """The hashes of the files, sorted, of each source that is as it was, and the source.

    Of what has changed or gone nothing is a duplicate: films may have changed their names.
    """
    by_source: dict[str, list[FileRecord]] = defaultdict(list)
    for record in records:
        by_source[record.source].append(record)
    return {
        tuple(sorted(record.sha256 for record in files)): source
        for source, files in by_source.items()
        if all(file.path in entries and _same(file, entries[file.path]) for file in files)
    }


def _same(record: FileRecord, entry: Entry) -> bool:
    return (record.bytes, record.mtime_ns) == (entry.size, entry.mtime_ns)
