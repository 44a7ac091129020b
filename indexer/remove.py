"""Takes scans out of an index, so that nothing of them is left in it (`cbir remove`).

    choose -> mark as removed -> clear the workbench -> a generation without them -> sweep

Whatever was fitted with them is fitted again without them. The marks come first: an interrupted
removal is finished by running it again, and until then the next `cbir index` brings nothing back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from indexer import commit
from indexer.commit import Generation
from indexer.previous import Previous
from indexer.removed import read as read_removed
from indexer.rewrite import Next, learned_from, rewrite
from indexer.sweep import Swept, sweep
from indexer.work import FileRecord, Workbench
from models.errors import UsageError


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to take out: whose, which cases, and which files or folders of the archive."""

    patients: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    def of(self, previous: Previous, archive: Path) -> frozenset[str]:
        """The sources of an index that are meant; of a volume of which a slice is, all of it."""
        patients, cases = set(self.patients), set(self.cases)
        paths = {place for path in self.paths for place in _places(path, archive)}
        named = {
            source
            for source, facts in previous.facts.items()
            if facts["case_id"] in cases
            or patients & {facts["patient_id"], facts["header_patient_id"]}
        }
        return frozenset(
            named | {f.source for f in previous.files.values() if _lies(f.path, paths)}
        )


@dataclass(frozen=True, slots=True)
class Removal:
    """What was taken out, or would be: counts, never names.

    `generation`: the live one. `swept`: what became of the older ones; `pending`: a reader still
    holds one that has what was removed.
    """

    index: str
    generation: int
    scans: int
    cases: int
    files: int
    left: int
    swept: Swept = field(default_factory=Swept)
    remarks: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def pending(self) -> bool:
        """Whether an old generation that a reader holds still has what was removed."""
        return bool(self.swept.erasing)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return {"schema": 1, **asdict(self), "pending": self.pending}

    def to_text(self) -> str:
        """Some lines for a terminal."""
        did = "would remove" if self.dry_run else "removed"
        lines = [f"{did} {self.scans} scans of {self.cases} cases ({self.files} files)"]
        lines += [f"note: {remark}" for remark in self.remarks]
        if not self.dry_run:
            lines.append(f"{self.index}: generation {self.generation}, {self.left} cases left")
        return "\n".join(lines)


def remove(index: Path, chosen: Chosen, dry_run: bool = False) -> Removal:
    """Takes what is chosen out of an index.

    Raises `UsageError` if nothing is meant or nothing would be left, and as
    `indexer.pipeline.build` does; the index is then as it was before.
    """
    told = commit.opened(index).manifest
    if dry_run:
        return _removal(index, Previous.of(index, told["identity"], True), chosen)
    with commit.locked(index):
        generation = commit.opened(index)
        sweep(index, generation)  # what an interrupted removal has left
        previous = Previous.of(index, generation.manifest["identity"], True)
        return _remove(index, previous, chosen)


def _remove(index: Path, previous: Previous, chosen: Chosen) -> Removal:
    would = _removal(index, previous, chosen)
    sources = chosen.of(previous, _archive(previous))
    gone = [file for file in previous.files.values() if file.source in sources]
    marks = read_removed(index, previous.generation).and_files(gone)
    marks.write(index)
    Workbench(index, previous.manifest["identity"]).clear()
    rejects = _rejects(previous, gone, chosen)
    wanted = Next(sources, rejects, len(marks.marks), previous.number + 1)
    generation, remarks = rewrite(index, previous, wanted)
    swept = sweep(index, generation)
    return replace(
        would,
        generation=generation.number,
        swept=swept,
        remarks=(*remarks, *_learned(gone, generation), *_held(swept)),
        dry_run=False,
    )


def _removal(index: Path, previous: Previous, chosen: Chosen) -> Removal:
    """What would be done. Raises `UsageError`."""
    sources = chosen.of(previous, _archive(previous))
    cases = {facts["case_id"] for source, facts in previous.facts.items() if source in sources}
    left = {f["case_id"] for source, f in previous.facts.items() if source not in sources}
    if not sources:
        raise UsageError(f"{index} holds nothing of what is to be removed")
    if not left:
        raise UsageError(f"{index} would hold nothing any more; delete the folder itself")
    return Removal(
        str(index),
        previous.number,
        scans=len(sources),
        cases=len(cases),
        files=sum(file.source in sources for file in previous.files.values()),
        left=len(left),
        dry_run=True,
    )


def _rejects(
    previous: Previous, gone: Sequence[FileRecord], chosen: Chosen
) -> tuple[Mapping[str, Any], ...]:
    """The rejects that name neither a removed file nor a removed patient or case."""
    names = [*(file.path for file in gone), *chosen.patients, *chosen.cases, *chosen.paths]
    rows = [] if previous.store is None else previous.store.table("rejects").to_pylist()
    return tuple(
        row
        for row in rows
        if not any(name in text for name in names for text in (row["path"], row["sentence"]))
    )


def _learned(gone: Iterable[FileRecord], generation: Generation) -> tuple[str, ...]:
    encoder = generation.manifest["encoder"]["name"]
    seen = learned_from(encoder)
    count = sum(file.sha256 in seen for file in gone)
    if not count:
        return ()
    return (
        f"the encoder {encoder} was trained on {count} of these files and keeps what it learned of "
        "them; train it again without them",
    )


def _held(swept: Swept) -> tuple[str, ...]:
    if not swept.erasing:
        return ()
    named = ", ".join(map(str, swept.erasing))
    return (
        f"generation {named} still holds what was removed, and a reader has it open; "
        "`cbir gc` removes it when he is done",
    )


def _archive(previous: Previous) -> Path:
    return Path(previous.manifest["archive"])


def _places(path: str, archive: Path) -> tuple[str, ...]:
    """A path as the index may know it: as it is given, and relative to the archive."""
    given = Path(path)
    plain = (given.as_posix(),)
    try:
        return (*plain, given.resolve().relative_to(archive.resolve()).as_posix())
    except ValueError:
        return plain


def _lies(path: str, places: set[str]) -> bool:
    parts = Path(path)
    return path in places or any(parent.as_posix() in places for parent in list(parts.parents)[:-1])
