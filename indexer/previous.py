"""What the live generation knows already, and so need not be done again."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from indexer import commit
from indexer.archive import Entry
from indexer.checks import Checks
from indexer.commit import Generation
from indexer.rejects import DUPLICATE, LASTING, Reject
from indexer.search_plan import Wish
from indexer.searchable import is_search_file
from indexer.store import FILES, IDENTITY, Store
from indexer.work import FileRecord
from models.errors import IndexDamaged, IndexUnusable, UsageError
from models.regions import basis_file
from models.regions.cells import CellBasis

_PARTS = re.compile(r"LOCK|CURRENT\.new|REMOVED|work|(gen|tmp)-\d{20}|\..*|lost\+found")
"""What an unfinished run leaves, and what file systems put into any folder."""


@dataclass(frozen=True)
class Previous:
    """The live generation, or none. `usable`: its descriptions are what this run would give."""

    generation: Generation | None
    usable: bool

    @classmethod
    def of(cls, index: Path, identity: str, resume: bool) -> "Previous":
        """What lies in `index`. Every file is compared with its hash before it is built upon; the
        vectors, which can be made anew, are not needed.

        Without `resume` it does not matter whether what lies there can be read.

        Raises `IndexDamaged` or `IndexUnusable`.
        """
        generation = _live(index, resume)
        usable = generation is not None and resume and generation.manifest["identity"] == identity
        previous = cls(generation, usable)
        if usable:
            previous.checks.at_opening(spare=previous.search_files)
        return previous

    @cached_property
    def checks(self) -> Checks:
        """Compares its files with their hashes. There has to be a generation."""
        if self.generation is None:
            raise ValueError("there is no generation")
        return Checks(self.generation)

    @property
    def search_files(self) -> tuple[str, ...]:
        """The files that can be made anew from the tables."""
        return tuple(name for name in self.manifest.get("files", ()) if is_search_file(name))

    @property
    def wish(self) -> Wish:
        """How it was asked to be searched."""
        return Wish(**self.manifest.get("search", {}).get("asked", {}))

    @cached_property
    def has_vectors(self) -> bool:
        """Whether what is searched is what was written."""
        try:
            for name in self.search_files:
                self.checks.needed(name)
        except IndexDamaged:
            return False
        return True

    @property
    def number(self) -> int:
        """The live generation's number; 0 if there is none."""
        return 0 if self.generation is None else self.generation.number

    @property
    def manifest(self) -> dict[str, Any]:
        """What its manifest says; empty if there is no generation."""
        return {} if self.generation is None else self.generation.manifest

    def erased(self, removed: int) -> dict[str, int]:
        """What the next manifest says of what was erased. `removed`: marks of `indexer.removed`."""
        return {"removed": removed, "erased_below": int(self.manifest.get("erased_below", 0))}

    @property
    def store(self) -> Store | None:
        """Its tables, if they can be built upon."""
        return Store(self.generation.path) if self.generation and self.usable else None

    @cached_property
    def basis(self) -> CellBasis | None:
        """The basis of its cells; None if it has none, or is of no use."""
        return None if self.store is None else basis_file.load(self.store.folder / "heads")

    @cached_property
    def files(self) -> dict[str, FileRecord]:
        """The files that were taken, by path."""
        if self.store is None:
            return {}
        rows = self.store.table("files").select(FILES.names).to_pylist()
        return {row["path"]: FileRecord(**row) for row in rows}

    @cached_property
    def facts(self) -> dict[str, dict[str, Any]]:
        """What was known of each source."""
        if self.store is None:
            return {}
        table = self.store.facts()
        own = set(IDENTITY.names) - {"source"}
        keep = [name for name in table.column_names if name not in own]
        first = table.select(keep).to_pylist()
        return {row.pop("source"): row for row in reversed(first)}

    def without_rejects(
        self, entries: Sequence[Entry]
    ) -> tuple[tuple[Entry, ...], tuple[Reject, ...]]:
        """The entries that are worth a look, and the rejects among the unchanged others.

        A duplicate is looked at again when any file that was taken has changed or gone: it may have
        been the other one. A series that was refused is looked at again in any case, since slices
        may have come to it; and so is what was refused for a reason that may have passed.
        """
        stamps = {entry.path: (entry.size, entry.mtime_ns) for entry in entries}
        whole = all(stamps.get(r.path) == (r.bytes, r.mtime_ns) for r in self.files.values())
        carried, left = [], []
        for entry in entries:
            reject = self._unchanged_reject(entry)
            if reject is None or (reject.code == DUPLICATE and not whole):
                left.append(entry)
            else:
                carried.append(reject)
        return tuple(left), tuple(carried)

    def _unchanged_reject(self, entry: Entry) -> Reject | None:
        known = self.rejects.get(entry.path)
        if known is None or known[1:] != (entry.size, entry.mtime_ns):
            return None
        reject = known[0]
        lasting = reject.code in LASTING and not reject.source
        return reject if lasting else None

    def rejects_are(self, rejects: Sequence[Reject]) -> bool:
        """Whether the same files were not taken, for the same reasons."""
        if self.store is None:
            return False
        before = {(row["path"], row["code"]) for row in self.store.table("rejects").to_pylist()}
        return before == {(reject.path, reject.code) for reject in rejects}

    @cached_property
    def rejects(self) -> dict[str, tuple[Reject, int, int]]:
        """The files that were not taken, with their size and time, by path.

        None after an update of this software: it may read what the last one could not.
        """
        if self.store is None or self.generation is None:
            return {}
        if self.generation.manifest["software"] != software():
            return {}
        rows = self.store.table("rejects").to_pylist()
        return {
            row["path"]: (
                Reject(row["path"], row["code"], row["sentence"], row["source"]),
                row["bytes"],
                row["mtime_ns"],
            )
            for row in rows
        }


def _live(index: Path, needed: bool) -> Generation | None:
    try:
        return commit.live(index) if index.is_dir() else None
    except (IndexDamaged, IndexUnusable):
        if needed:
            raise
        return None


def check_own(index: Path) -> None:
    """Raises `UsageError` if a folder without an index holds anything that is not of one."""
    if (index / commit.CURRENT).exists():
        return
    for path in sorted(index.glob("*")):
        if not _PARTS.fullmatch(path.name):
            raise UsageError(
                f"{index} holds other things than an index ({path.name}); give a folder of its own"
            )


def software() -> str:
    """This software's name and version."""
    return f"cbir {version('cbir')}"


def header_json(header: Mapping[str, Any]) -> str:
    """A header as it is kept: what is said, and nothing else."""
    return json.dumps({name: value for name, value in header.items() if value not in ("", None)})
