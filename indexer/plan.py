"""What there is to do: which scans of an archive are new or changed, and which are as they were."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from indexer.archive import Entry, Source, group, source_of
from indexer.look import Look
from indexer.read import Peek
from indexer.rejects import BAD_ROW, Reject
from indexer.work import FileRecord, as_they_were


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

    def without(self, keys: Collection[str]) -> "Plan":
        """The same without some of its scans."""
        sources, todo = (
            tuple(source for source in some if source.key not in keys)
            for some in (self.sources, self.todo)
        )
        return replace(self, sources=sources, todo=todo)


def plan(entries: Sequence[Entry], known: Mapping[str, FileRecord], look: Look) -> Plan:
    """Compares an archive's files with those that were taken before.

    `known`: by path. A file whose size and time are unchanged is not even opened. Slices are joined
    anew when any file of their series was added, changed or lost.
    """
    there = {entry.path: entry for entry in entries}
    whole = as_they_were(known.values(), entries)
    settled = set(whole)
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
    kept = [_kept(source, whole[source], there) for source in settled]
    sources = sorted([*fresh, *kept], key=lambda source: source.key)
    present = {source.key for source in sources}
    return Plan(
        sources=tuple(sources),
        todo=tuple(sorted(fresh, key=lambda source: source.key)),
        vanished=frozenset(record.source for record in known.values()) - present,
        rejects=tuple(rejects),
    )


def _kept(key: str, records: Sequence[FileRecord], there: Mapping[str, Entry]) -> Source:
    """The source that is as it was, with what the archive says of it today."""
    entries = sorted((there[r.path] for r in records), key=lambda e: (e.path != key, e.path))
    return source_of(entries, records[0].series)


def unreachable(records: Iterable[FileRecord], rejects: Sequence[Reject]) -> frozenset[str]:
    """The sources with a file that is refused now, or lies in a folder that is.

    They have not gone: they cannot be read at this moment. Where a row of the manifest breaks a
    rule, any source may be the one that it means.
    """
    refused = [reject.path for reject in rejects]
    if any(reject.code == BAD_ROW for reject in rejects):
        return frozenset(record.source for record in records)
    return frozenset(
        record.source
        for record in records
        if any(record.path == path or record.path.startswith(f"{path}/") for path in refused)
    )
