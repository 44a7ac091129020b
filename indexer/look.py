"""Looking at the headers of files, in the workers: what is needed to put series together."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.read import Peek
from indexer.read.content import HEAD_BYTES, kind_of
from indexer.scan import Header
from indexer.sources import Entry
from indexer.workers import WorkerPool
from models.errors import UnreadableScan

Peeks = Iterator[tuple[str, Peek | UnreadableScan]]
Look = Callable[[Sequence[Entry]], Peeks]
"""Looks at the headers of some files, in any order."""


def looker(pool: WorkerPool, root: Path) -> Look:
    """Looks at files of an archive in `root` with workers that know the job "peek"."""

    def look(entries: Sequence[Entry]) -> Peeks:
        others = []
        for entry in entries:
            if _is_picture(root / entry.path):
                yield entry.path, Peek("picture", Header())
            else:
                others.append(entry.path)
        jobs = ((path, {"job": "peek", "path": str(root / path)}) for path in others)
        for outcome in pool.run(jobs):
            yield outcome.key, outcome.error or _peek(outcome.meta)

    return look


def _is_picture(path: Path) -> bool:
    """Whether the first bytes are a picture's: it has no header to be asked about series."""
    try:
        with path.open("rb") as handle:
            return kind_of(handle.read(HEAD_BYTES)) == "picture"
    except OSError:
        return False


def _peek(meta: Mapping[str, Any]) -> Peek:
    return Peek(**{**meta, "header": Header(**meta["header"])})
