"""Machine-made texts in an index: for scans that nobody annotated, and marked by their models.

A person's word always goes first, and no label comes of them. The vocabulary learns a machine's
wording, each phrase once, however many films it was said of: so nothing that a model found on a
film has a part in how texts are weighed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indexer.annotate.table import Annotated, content_of, read_table
from indexer.work import FileRecord
from models.errors import UsageError

Facts = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class MachineMade:
    """The texts for scans without a person's. `rows`: by path; None: those that are there stay."""

    rows: Mapping[str, Annotated] | None = None

    @classmethod
    def of(cls, table: Path | None, drop: bool) -> "MachineMade":
        """Those of a table, or none at all with `drop`. Raises `UsageError`."""
        if table is not None and drop:
            raise UsageError(
                "--annotations and --drop-annotations contradict each other; a new table takes the "
                "place of the old texts by itself"
            )
        if table is not None:
            return cls(read_table(table))
        return cls({} if drop else None)

    def upon(
        self,
        facts: Mapping[str, Mapping[str, Any]],
        before: Mapping[str, Mapping[str, Any]],
        files: Iterable[FileRecord],
    ) -> tuple[Facts, tuple[str, ...]]:
        """The facts of each source with such a text where it has none, and remarks.

        `before`: the facts of the sources that are as they were. `files`: of all sources; a text is
        used only for the content that it was written for.
        """
        plain = {key: _without(told) for key, told in facts.items()}
        rows = self._kept(before) if self.rows is None else self.rows
        hashes: dict[str, list[str]] = {}
        for file in files:
            hashes.setdefault(file.source, []).append(file.sha256)
        used: Counter[str] = Counter()
        for path, row in rows.items():
            fate = _fate(row, plain.get(path), hashes.get(path, []))
            used[fate] += 1
            if fate == _USED:
                plain[path] |= {"findings": row.text, "annotated_by": row.annotated_by}
        remarks = [f"{fate}: {count}" for fate, count in used.items() if self._worth_saying(fate)]
        return plain, tuple(sorted(remarks))

    def _worth_saying(self, fate: str) -> bool:
        return bool(fate) and (self.rows is not None or fate == _USED)

    def _kept(self, before: Mapping[str, Mapping[str, Any]]) -> dict[str, Annotated]:
        return {
            key: Annotated(key, told["findings"], told["annotated_by"])
            for key, told in before.items()
            if told.get("annotated_by") and told.get("findings")
        }


_USED = "machine-made texts, for scans that nobody annotated"
_SILENT = ""  # the model had nothing to say: neither used nor refused


def _fate(row: Annotated, told: Mapping[str, Any] | None, hashes: Sequence[str]) -> str:
    """What becomes of a row: used, or why not."""
    if told is None:
        return "machine-made texts of scans that are not in the index, not used"
    if told.get("findings"):
        return "machine-made texts of scans that a person annotated, not used"
    if row.sha256 and row.sha256 != content_of(hashes):
        return "machine-made texts of scans that have changed since, not used"
    return _USED if row.text else _SILENT


def _without(told: Mapping[str, Any]) -> dict[str, Any]:
    """The facts without what a machine wrote."""
    if not told.get("annotated_by"):
        return dict(told)
    return {**told, "findings": None, "annotated_by": None}


def people_s_texts(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What people wrote of each source."""
    return [
        told["findings"]
        for told in facts.values()
        if told.get("findings") and not told.get("annotated_by")
    ]


def phrases_of(facts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Every phrase that a machine wrote of any source, once each."""
    texts = {told["findings"] for told in facts.values() if told.get("annotated_by")}
    return sorted({phrase.strip() for text in texts for phrase in text.split(";")} - {""})
