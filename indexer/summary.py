"""What a build did, for a person and for a program."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from indexer.commit import Generation
from indexer.profile import Stage
from indexer.rejects import Reject

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of scans (a volume is one), of what was rejected and why, and remarks.

    `described`: new or changed, and described in this run. `resumed`: described by an earlier run
    that was interrupted. `moved`: as they were, but for their names. `generation`: the live one;
    `committed`: whether this run made it.
    `stages`: what each took, see `indexer.profile`.
    `findings`: code -> count, of what `cbir check` lists (`indexer.check`).
    """

    index: str
    generation: int = 0
    committed: bool = False
    described: int = 0
    resumed: int = 0
    moved: int = 0
    unchanged: int = 0
    relabelled: int = 0
    removed: int = 0
    vanished: int = 0
    cases: int = 0
    instances: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    rejects: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    dry_run: bool = False
    stages: tuple[Stage, ...] = ()

    def of_generation(self, generation: Generation | None, remarks: Sequence[str]) -> "Summary":
        """The same with what the live generation holds, and with remarks."""
        if generation is None:
            return replace(self, remarks=tuple(remarks))
        counts = generation.manifest["counts"]
        return replace(
            self,
            generation=generation.number,
            cases=counts["cases"],
            instances=counts["instances"],
            labels=counts["labels"],
            findings=generation.manifest.get("findings", {}),
            remarks=tuple(remarks),
        )

    @property
    def rejected(self) -> int:
        """How many files were not taken."""
        return len(self.rejects)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        told = {"schema": 1, **asdict(self), "rejected": self.rejected}
        if not self.stages:
            del told["stages"]
        return told

    def to_text(self) -> str:
        """Some lines for a terminal."""
        did = "would describe" if self.dry_run else "described"
        lines = [
            f"{did} {self.described}, unchanged {self.unchanged}"
            + self._some("resumed", self.resumed)
            + self._some("moved", self.moved)
            + self._some("relabelled", self.relabelled)
            + self._some("removed", self.removed)
            + f", rejected {self.rejected}"
        ]
        lines += [f"  {count} x {code}: {example}" for code, count, example in self._reasons()]
        if self.vanished:
            lines.append(f"{self.vanished} scans of the index have no file any more (see --prune)")
        lines += [f"note: {remark}" for remark in self.remarks]
        if self.findings:
            told = ", ".join(f"{count} {code}" for code, count in self.findings.items())
            lines.append(f"found: {told} (`cbir check` lists them)")
        if not self.dry_run:
            lines.append(self._state())
        return "\n".join(lines)

    def _state(self) -> str:
        labels = ", ".join(f"{label} {count}" for label, count in self.labels.items())
        new = "" if self.committed else " (nothing changed)"
        return (
            f"{self.index}: generation {self.generation}{new}, {self.cases} cases, "
            f"{self.instances} instances{f' ({labels})' if labels else ''}, {self.seconds:.1f} s"
        )

    @staticmethod
    def _some(word: str, count: int) -> str:
        return f", {word} {count}" if count else ""

    def _reasons(self) -> list[tuple[str, int, str]]:
        """Each code, how often it came, and the first files of it."""
        counts = Counter(reject.code for reject in self.rejects)
        return [
            (code, count, _examples([r for r in self.rejects if r.code == code]))
            for code, count in counts.most_common()
        ]


def _examples(rejects: Sequence[Reject]) -> str:
    shown = [f"{reject.path} ({reject.sentence})" for reject in rejects[:1]]
    shown += [reject.path for reject in rejects[1:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(rejects) > _SHOWN else "")
