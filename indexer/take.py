"""Has scans described and takes them to the workbench; what cannot be taken becomes a reject."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from indexer.archive import Entry, Source
from indexer.describe import Described, Describer, Task
from indexer.previous import header_json
from indexer.rejects import DUPLICATE, SAME_BYTES, Reject
from indexer.removed import Removed
from indexer.work import FileRecord, Workbench, as_they_were
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
        removed: Removed,
    ) -> None:
        """`root`: the archive. `entries`: its files. `known`: files that were taken before.

        `removed`: what may not be taken again.
        """
        self.left_out: set[str] = set()  # scans that were removed, and are there by another name
        self._removed = removed
        self._describer, self._bench, self._root = describer, bench, root
        self._entries = {entry.path: entry for entry in entries}
        # Of what has changed or gone nothing is a duplicate: films may have changed their names.
        self._sources = {
            tuple(sorted(record.sha256 for record in files)): source
            for source, files in as_they_were(known, entries).items()
        }

    def take(self, sources: Sequence[Source], progress: Progress) -> list[Reject]:
        """Describes every source; gives the rejects. Raises `CannotWrite`."""
        rejects: list[Reject] = []
        by_key = {source.key: source for source in sources}
        done = 0
        progress("describe", done, len(sources))
        try:
            for key, outcome in self._describer.describe(self._tasks(sources)):
                rejects += self._took(by_key[key], outcome)
                done += 1
                progress("describe", done, len(sources))
        finally:  # an interruption keeps what was done
            self._bench.flush()
        return rejects

    def recall(self, known: Iterable[tuple[Source, Described]]) -> set[str]:
        """Takes scans whose description is known already; gives their keys."""
        taken = set()
        for source, described in known:
            if not self._took(source, described) and source.key not in self.left_out:
                taken.add(source.key)
        return taken

    def _tasks(self, sources: Iterable[Source]) -> Iterable[Task]:
        for source in sources:
            mask = str(self._root / source.mask) if source.mask else ""
            yield Task(source.key, tuple(str(self._root / path) for path in source.paths), mask)

    def _took(self, source: Source, outcome: Described | UnreadableScan) -> list[Reject]:
        if isinstance(outcome, UnreadableScan):
            return _refused(source, outcome.code, str(outcome))
        if any(map(self._removed.has_content, outcome.sha256)):
            self.left_out.add(source.key)
            return []
        first = self._sources.setdefault(tuple(sorted(outcome.sha256)), source.key)
        if first != source.key:
            return _refused(source, DUPLICATE, SAME_BYTES + first)
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
        return []

    def _record(self, source: Source, path: str, sha256: str, header: str) -> FileRecord:
        entry = self._entries[path]
        return FileRecord(
            path, source.key, entry.size, entry.mtime_ns, sha256, header, source.series
        )


def _refused(source: Source, code: str, sentence: str) -> list[Reject]:
    """A reject for every file of a source: none of them may be taken for another series."""
    together = source.key if len(source.paths) > 1 else ""
    return [Reject(path, code, sentence, together) for path in source.paths]
