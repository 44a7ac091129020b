"""Brings an index of an earlier schema up to date (`cbir migrate`), from its own tables.

What stands in the parquet stays; everything that is fitted on it is fitted again, and the vectors
are made anew. Where a schema holds what only the pixels tell, its step says so.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from indexer import commit
from indexer.commit import SCHEMA, Generation
from indexer.previous import Previous
from indexer.removed import read as read_removed
from indexer.rewrite import Next, rewrite
from indexer.store import FILES, IDENTITY, Store
from indexer.sweep import sweep
from indexer.work import Workbench
from models.descriptors import BLOCKS
from models.errors import IndexUnusable

Manifest = dict[str, Any]
Step = Callable[[Manifest, Store], Manifest]
"""From one schema to the next: the manifest as the next one has it.

Raises `IndexUnusable` where the tables do not tell what the next schema needs.
"""


@dataclass(frozen=True, slots=True)
class Migrated:
    """From which schema to which. `remarks`: for a person."""

    index: str
    generation: int
    before: int
    after: int
    remarks: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return {"schema": 1, **asdict(self)}

    def to_text(self) -> str:
        """Some lines for a terminal."""
        if self.before == self.after:
            return f"{self.index} is of schema {self.after} already"
        lines = [f"note: {remark}" for remark in self.remarks]
        state = f"schema {self.before} became {self.after}, generation {self.generation}"
        return "\n".join([*lines, f"{self.index}: {state}"])


def migrate(index: Path) -> Migrated:
    """Makes an index of an earlier schema one of this.

    Raises `IndexUnusable` for a later schema, and for one whose tables do not tell enough;
    `IndexDamaged`, `IndexLocked` or `CannotWrite`. The index is then as it was before.
    """
    _found(index)  # a folder that is no index is not locked, so not written to
    with commit.locked(index):
        found = _found(index)
        before = found.manifest["schema"]
        if before == SCHEMA:
            return Migrated(str(index), found.number, before, SCHEMA)
        commit.check(found)
        generation, remarks = _rewritten(index, _stepped(found))
        Workbench(index, generation.manifest["identity"]).clear()
        sweep(index, generation, only_before=True)
    return Migrated(str(index), generation.number, before, SCHEMA, remarks)


def _found(index: Path) -> Generation:
    found = commit.of_any_schema(index) if index.is_dir() else None
    if found is None:
        commit.opened(index)  # says what is wrong
    if found is None or found.manifest["schema"] not in (*STEPS, SCHEMA):
        raise IndexUnusable(
            f"{index} is of a schema that this version does not know; use the version that wrote "
            "it, or build it again with `cbir index --no-resume`"
        )
    return found


def _stepped(found: Generation) -> Previous:
    manifest, store = found.manifest, Store(found.path)
    while manifest["schema"] != SCHEMA:
        schema = manifest["schema"]
        manifest = {**STEPS[schema](manifest, store), "schema": schema + 1}
    return Previous(Generation(found.path, found.number, manifest), usable=True)


def _rewritten(index: Path, previous: Previous) -> tuple[Generation, tuple[str, ...]]:
    marks = read_removed(index, previous.generation)
    told = previous.erased(len(marks.marks))
    rejects = () if previous.store is None else previous.store.table("rejects").to_pylist()
    wanted = Next(frozenset(), tuple(rejects), told["removed"], told["erased_below"])
    return rewrite(index, previous, wanted)


def _from_1(manifest: Manifest, store: Store) -> Manifest:
    """Schema 1 knew no learned likeness, and early indexes of it no header of a file."""
    names = set(store.instances(store.parts()[0]).column_names) if store.parts() else set()
    needed = {*IDENTITY.names, *BLOCKS} - names
    needed |= set(FILES.names) - set(store.table("files").column_names)
    if needed or set(manifest["dims"]) != set(BLOCKS):
        raise IndexUnusable(
            f"the tables of this index of schema 1 lack {', '.join(sorted(needed)) or 'a block'}, "
            "which only the scans tell; build it again with `cbir index ARCHIVE --out INDEX "
            "--no-resume`"
        )
    return {"texts": 0, **manifest}


STEPS: dict[int, Step] = {1: _from_1}
"""Schema -> what brings it to the next."""
