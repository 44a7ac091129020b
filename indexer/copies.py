"""The same bytes under several names, which must not stand on two sides of a split."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.training.splits import TEST, VALIDATION

MOVED = (
    "scans that are not learned from, since the same bytes, or others of their patient, stand on a "
    "side that chooses or measures: {}"
)
"""A remark for a person."""

_Tie = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Told:
    key: str
    contents: _Tie
    patient: str
    split: str


class Copies:
    """Which scans have the same bytes, and which side they belong to because of it.

    The side that measures counts before the one that chooses, and that before the one that is
    learned from. Patients under whose names the same bytes stand are on one side altogether.
    """

    def __init__(self) -> None:
        """Of no scans yet."""
        self._told: list[_Told] = []
        self._first: dict[_Tie, str] = {}

    def first(self, key: str, sha256: Sequence[str], patient: str, split: Any) -> str:
        """Takes a scan, and gives the first one that had its bytes: itself, if there was none.

        `key`: the scan's name. `sha256`: of its files. `split`: what the archive says.
        """
        contents = tuple(sorted(sha256))
        self._told.append(_Told(key, contents, patient, str(split or "")))
        return self._first.setdefault(contents, key)

    def sides(self) -> dict[str, str]:
        """The scans, first ones of their bytes, that belong to another side than they said."""
        group = self._groups()
        sizes = Counter(group.values())
        counts: dict[_Tie, str] = {}

        def tie(one: _Told) -> _Tie:
            name = group[one.patient]
            return ("patients", name) if sizes[name] > 1 else ("bytes", *one.contents)

        for one in self._told:
            counts[tie(one)] = max(counts.get(tie(one), ""), one.split, key=_rank)
        return {
            one.key: counts[tie(one)]
            for one in self._told
            if self._first[one.contents] == one.key and _rank(counts[tie(one)]) > _rank(one.split)
        }

    def _groups(self) -> dict[str, str]:
        """A name for each patient, the same for those who are tied by the same bytes."""
        group = {one.patient: one.patient for one in self._told}

        def name(patient: str) -> str:
            while group[patient] != patient:
                patient = group[patient]
            return patient

        owner: dict[_Tie, str] = {}
        for one in self._told:
            group[name(one.patient)] = name(owner.setdefault(one.contents, one.patient))
        return {patient: name(patient) for patient in group}


def _rank(split: str) -> int:
    said = split.casefold()
    return 2 if said in TEST else 1 if said in VALIDATION else 0
