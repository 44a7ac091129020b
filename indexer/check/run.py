"""All checks of an archive, one after the other."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from indexer import commit, readers
from indexer.archive import walk
from indexer.check import Check, Finding, kind_of
from indexer.check.material import Material, Progress, silent
from indexer.describe import WORKER
from indexer.fit import read_heads
from indexer.sources import Entry
from indexer.workers import WorkerPool
from models.errors import CbirError
from models.table import load

CHECKS = {
    "rejected": "indexer.check.rejected:find",
    "remarks": "indexer.check.remarks:find",
    "orientation": "indexer.check.orientation:find",
    "same_bytes": "indexer.check.same_bytes:find",
    "same_pixels": "indexer.check.same_pixels:find",
    "near": "indexer.check.near:find",
    "conflicts": "indexer.check.conflicts:find",
    "cases": "indexer.check.cases:find",
    "doubtful": "indexer.check.doubtful:find",
}
"""In this order: each is told what those before it have found."""

OF_LABELS = ("cases", "doubtful")

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in an archive. `findings`: in the order of the checks.

    `archive`: where its files are. `counts`: cases, patients and so on, as the manifest has them.
    `not_done`: what could not be looked at, and why.
    """

    archive: str
    software: str
    counts: dict[str, Any]
    findings: tuple[Finding, ...]
    not_done: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def found(self) -> dict[str, int]:
        """How many findings there are of each code, in the order of the first of each."""
        return dict(Counter(one.code for one in self.findings))

    def of(self, code: str) -> list[Finding]:
        """The findings of one code."""
        return [one for one in self.findings if one.code == code]

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary; rows of the index are left out."""
        findings = []
        for one in self.findings:
            films = [
                {name: value or None for name, value in asdict(film).items() if name != "row"}
                for film in one.films
            ]
            findings.append({**asdict(one), "fault": kind_of(one.code).fault, "films": films})
        return {
            "schema": SCHEMA,
            "archive": self.archive,
            "software": self.software,
            "counts": self.counts,
            "found": self.found,
            "findings": findings,
            "not_done": list(self.not_done),
            "seconds": round(self.seconds, 3),
        }


def check(
    index: Path, labels: bool = True, workers: int = 1, progress: Progress = silent
) -> Report:
    """Looks at every scan of an index, and changes nothing.

    `labels`: whether labels are checked too. Raises `IndexUnusable` or `IndexDamaged`.
    """
    with readers.holding(index) as generation:
        commit.check(generation)
        told = generation.manifest
        with WorkerPool(workers, WORKER) as pool:
            material = Material(
                folder=generation.path,
                dims=told["dims"],
                lie=read_heads(generation.path / "heads").orientation,
                entries=_entries(Path(told["archive"])),
                pool=pool,
                progress=progress,
            )
            names = [name for name in CHECKS if labels or name not in OF_LABELS]
            findings, not_done = found_by(names, material)
    return Report(told["archive"], told["software"], told["counts"], findings, not_done)


def found_by(
    names: Sequence[str], material: Material
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """What some of the checks find, and what they could not look at."""
    findings: list[Finding] = []
    not_done: list[str] = []
    for name in names:
        one: Check = load(CHECKS, name, "check")
        told = one(material, tuple(findings))
        findings += told.findings
        not_done += told.not_done
    return tuple(findings), tuple(not_done)


def _entries(archive: Path) -> dict[str, Entry]:
    """The archive's files by path; none if it is not there any more."""
    try:
        return {entry.path: entry for entry in walk(archive).entries}
    except CbirError:
        return {}
