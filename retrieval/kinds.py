"""What an archive's scans are of, as their headers say, and whether a new one is of the same.

Only what is said counts, on both sides, and only in DICOM's own names or in those that stand for
them here. A picture without a header is of no other kind, nor is one that a manifest calls by a
free word.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from indexer.dicom_terms import body_part_of, modality_of, share_a_part

_MOST = 0.5
"""At least this share of the labelled cases has to say what it is of."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """How many labelled cases there are of each kind; `cases`: also those that say none."""

    cases: int = 0
    modality: Mapping[str, int] = field(default_factory=dict)
    body_part: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, modalities: Sequence[str | None], body_parts: Sequence[str | None]) -> "Kinds":
        """Of the labelled cases' columns, as they stand in the table."""
        return cls(
            len(modalities),
            _counted(map(modality_of, modalities)),
            _counted(map(body_part_of, body_parts)),
        )

    def without(self, modality: str, body_part: str) -> str | None:
        """Why a scan of that kind is none of the archive's, or None if it may be.

        The names go into the sentence as they stand in the table of what is known here; what a
        header says in its own words does not.
        """
        if self._lacks(self.modality, modality_of(modality)):
            return (
                "the scan is of another modality than the labelled cases, which are "
                f"{_most(self.modality)}"
            )
        asked = body_part_of(body_part)
        if self._lacks(self.body_part, asked) and not share_a_part(asked, self.body_part):
            return (
                "the scan is of another body part than the labelled cases, which are "
                f"{_most(self.body_part)}"
            )
        return None

    def _lacks(self, known: Mapping[str, int], asked: str) -> bool:
        enough = sum(known.values()) >= max(1, _MOST * self.cases)
        return bool(asked) and enough and asked not in known


def _counted(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        if name:
            counts[name] = counts.get(name, 0) + 1
    return counts


def _most(counts: Mapping[str, int]) -> str:
    """The three most frequent names."""
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    return ", ".join(ordered[:3]) + (" and others" if len(ordered) > 3 else "")
