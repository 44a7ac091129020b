"""What an enlargement did, for a person and for a program."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from indexer.rejects import Reject

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Enlarged:
    """Counts of films, and what was left out and why.

    `originals`: copied from the archive, of which `origins` had films made of them. `made`: by way.
    `labels`: films in all, by class. `groups`: patients and circles that a split draws from.
    `rejects`: files that could not be read. `left_out`: films that could not be made. `unchanged`:
    all was there already. `dry_run`: nothing was written, `made` is what would be.
    """

    out: str
    originals: int
    origins: int
    made: Mapping[str, int]
    labels: Mapping[str, int]
    groups: int
    rejects: tuple[Reject, ...] = ()
    left_out: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()
    unchanged: bool = field(default=False)
    dry_run: bool = field(default=False)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> "Enlarged":
        """What `to_json` gave."""
        lists = ("rejects", "left_out")
        rejects = {name: tuple(Reject(**one) for one in told[name]) for name in lists}
        kept = {name: value for name, value in told.items() if name != "schema"}
        return cls(**{**kept, **rejects, "remarks": tuple(told["remarks"])})

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return {"schema": 1, **asdict(self)}

    def to_text(self) -> str:
        """Some lines for a terminal."""
        ways = ", ".join(f"{way} {count}" for way, count in self.made.items() if count)
        did = "would make" if self.dry_run else "made"
        lines = [
            f"{did} {sum(self.made.values())} films of {self.origins}"
            + (f" ({ways})" if ways else "")
            + f", left out {len(self.left_out)}, rejected {len(self.rejects)}"
        ]
        for kind in (self.rejects, self.left_out):
            lines += [f"  {one.path}: {one.sentence}" for one in kind[:_SHOWN]]
            lines += [f"  and {len(kind) - _SHOWN} more"] if len(kind) > _SHOWN else []
        lines += [f"note: {remark}" for remark in self.remarks]
        if not self.dry_run:
            lines.append(self._state())
        return "\n".join(lines)

    def _state(self) -> str:
        labels = ", ".join(f"{label or 'no label'} {n}" for label, n in self.labels.items())
        new = " (nothing changed)" if self.unchanged else ""
        films = self.originals + sum(self.made.values())
        return f"{self.out}: {films} films{new}, {self.groups} groups of patients ({labels})"
