"""Files become sources: a picture is one of its own, the slices of a series are one together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from indexer.read.contract import Peek
from indexer.rejects import DUPLICATE, Reject
from indexer.row import Row
from models.errors import UnreadableScan

LabelFrom = Literal["auto", "manifest", "folder", "dicom", "none"]
LABEL_SOURCES: tuple[LabelFrom, ...] = ("auto", "manifest", "folder", "dicom", "none")
SLICE_TWICE = "the same slice of the same series is there already"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of an archive.

    `path`: relative to the archive's root, POSIX. `row`: what the manifest says of it, if there is
    one. `label_from_folder`: see `indexer.archive.folder_label`. `label_from`: where this archive's
    labels are to be taken from.
    """

    path: str
    size: int
    mtime_ns: int
    row: Row | None = None
    label_from_folder: str = ""
    label_from: LabelFrom = "auto"


@dataclass(frozen=True, slots=True)
class Source:
    """What is described as one scan.

    `key`: the first of `paths`. `paths`: in slice order. `series`: what joined them, "" for a scan
    of its own. `row`: what the manifest says of any of them; where slices have different labels,
    `disputed` is True and the label is empty.
    """

    key: str
    paths: tuple[str, ...]
    series: str = ""
    row: Row | None = None
    label_from_folder: str = ""
    label_from: LabelFrom = "auto"
    disputed: bool = False

    @property
    def mask(self) -> str:
        """The mask file that the manifest names, relative to the archive's root; "" if none."""
        return self.row.mask if self.row else ""


Slice = tuple[Entry, Peek]


def group(
    entries: Iterable[Entry], told: Mapping[str, Peek | UnreadableScan]
) -> tuple[tuple[Source, ...], tuple[Reject, ...]]:
    """The sources among `entries`, by key, and the files that are not part of one.

    `told`: what looking at each file gave, by path. Files of one series that the manifest gives to
    different patients or studies are not joined. Of a slice that is there twice (the same
    instance) the first file is taken, by path.
    """
    sources: list[Source] = []
    rejects: list[Reject] = []
    series: dict[tuple[str, str, str], list[Slice]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.path):
        peek = told[entry.path]
        if isinstance(peek, UnreadableScan):
            rejects.append(Reject(entry.path, peek.code, str(peek)))
        elif peek.series:
            patient, study = (entry.row.patient_id, entry.row.study_id) if entry.row else ("", "")
            series[peek.series, patient, study].append((entry, peek))
        else:
            sources.append(source_of([entry]))
    for (name, *_), slices in series.items():
        once, twice = _once(slices)
        sources.append(source_of([entry for entry, _ in sorted(once, key=_place)], name))
        rejects += [Reject(entry.path, DUPLICATE, SLICE_TWICE) for entry in twice]
    return tuple(sorted(sources, key=lambda source: source.key)), tuple(rejects)


def source_of(entries: Sequence[Entry], series: str = "") -> Source:
    """The source that `entries`, in slice order, are together. At least one."""
    first = entries[0]
    rows = [entry.row for entry in entries if entry.row is not None]
    row = _merged(rows) if rows else None
    folders = {entry.label_from_folder for entry in entries}
    return Source(
        key=first.path,
        paths=tuple(entry.path for entry in entries),
        series=series,
        row=row,
        label_from_folder=folders.pop() if len(folders) == 1 else "",
        label_from=first.label_from,
        disputed=len({row.label for row in rows if row.label}) > 1,
    )


def _once(slices: Iterable[Slice]) -> tuple[list[Slice], list[Entry]]:
    """The first file of every slice, and the further ones.

    The instance's id alone does not tell: some anonymisers give one to a whole series.
    """
    first: dict[tuple[object, ...], Slice] = {}
    twice: list[Entry] = []
    for entry, peek in slices:
        instance = peek.header.instance_id or entry.path
        slot = (instance, peek.position_mm, peek.instance_number)
        if first.setdefault(slot, (entry, peek))[0] is not entry:
            twice.append(entry)
    return list(first.values()), twice


def _place(one: Slice) -> tuple[float, int, str]:
    entry, peek = one
    return peek.position_mm or 0.0, peek.instance_number or 0, entry.path


def _merged(rows: Sequence[Row]) -> Row:
    """What the rows of one series say together: of each column the first that says something."""
    first = rows[0]
    if len(rows) == 1:
        return first
    labels = {row.label for row in rows if row.label}
    texts = list(dict.fromkeys(row.findings for row in rows if row.findings))
    return replace(
        first,
        label=labels.pop() if len(labels) == 1 else ("" if first.label is not None else None),
        modality=_first(row.modality for row in rows),
        body_part=_first(row.body_part for row in rows),
        view=_first(row.view for row in rows),
        sex=_first(row.sex for row in rows),
        age=next((row.age for row in rows if row.age is not None), None),
        findings="\n".join(texts),
        mask=first.mask if len({row.mask for row in rows}) == 1 else "",
        split=_first(row.split for row in rows),
    )


def _first(said: Iterable[str]) -> str:
    return next((text for text in said if text), "")
