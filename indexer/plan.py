"""What there is to do: which scans of an archive are new or changed, and which are as they were."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from indexer.archive import Entry, Source, group, source_of
from indexer.describe import Peeks
from indexer.read import Peek
from indexer.rejects import Reject
from indexer.work import FileRecord

Look = Callable[[Sequence[Entry]], Peeks]
"""Looks at the headers of some files, in their order."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with an archive.

    `sources`: every scan that there is now. `todo`: those to be described. `vanished`: sources that
    are in the index, but whose files are not in the archive any more.
    """

    sources: tuple[Source, ...]
    todo: tuple[Source, ...]
    vanished: frozenset[str]
    rejects: tuple[Reject, ...]


def plan(entries: Sequence[Entry], known: Mapping[str, FileRecord], look: Look) -> Plan:
    """Compares an archive's files with those that were taken before.

    `known`: by path. A file whose size and time are unchanged is not even opened. Slices are joined
    anew when any file of their series was added, changed or lost.
    """
    by_source = _by_source(known.values())
    there = {entry.path: entry for entry in entries}
    settled = {
        source for source, records in by_source.items() if all(_same(r, there) for r in records)
    }
    loose = [e for e in entries if not (e.path in known and known[e.path].source in settled)]
    told = dict(look(loose))
    series = {peek.series for peek in told.values() if isinstance(peek, Peek) and peek.series}
    touched = {
        record.source for record in known.values() if record.series in series and record.series
    }
    again = [e for e in entries if e.path in known and known[e.path].source in settled & touched]
    told |= dict(look(again))
    settled -= touched
    fresh, rejects = group([*loose, *again], told)
    kept = [_kept(source, by_source[source], there) for source in settled]
    sources = sorted([*fresh, *kept], key=lambda source: source.key)
    present = {source.key for source in sources}
    return Plan(
        sources=tuple(sources),
        todo=tuple(sorted(fresh, key=lambda source: source.key)),
        vanished=frozenset(by_source) - present,
        rejects=tuple(rejects),
    )


def _by_source(records: Iterable[FileRecord]) -> dict[str, list[FileRecord]]:
    found: dict[str, list[FileRecord]] = defaultdict(list)
    for record in records:
        found[record.source].append(record)
    return found


def _same(record: FileRecord, there: Mapping[str, Entry]) -> bool:
    entry = there.get(record.path)
    return entry is not None and (entry.size, entry.mtime_ns) == (record.bytes, record.mtime_ns)


def _kept(key: str, records: Sequence[FileRecord], there: Mapping[str, Entry]) -> Source:
    """The source that is as it was, with what the archive says of it today."""
    entries = sorted((there[r.path] for r in records), key=lambda e: (e.path != key, e.path))
    return source_of(entries, records[0].series)
