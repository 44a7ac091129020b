"""The table of an enlarged archive: a row an original file, and a row a made film."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer.augment.originals import LESION_MASK, Original
from indexer.augment.plan import Making
from indexer.facts import Facts
from indexer.made import COLUMNS as MADE_COLUMNS
from indexer.made import MADE_BY, ORIGIN, ORIGIN_PATIENT, joined
from indexer.row import COLUMNS
from models.augmenting import Told
from models.errors import UsageError

ORIGINALS = "originals"
_OF_THE_FILES = frozenset(("path", "patient_id", "study_id", "mask", LESION_MASK))

Fields = dict[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """A film that was made. `origins`: what it is made of. `endings`: of the files beside it."""

    making: Making
    origins: tuple[Original, ...]
    told: Told
    endings: tuple[str, ...]


def check_columns(originals: Iterable[Original]) -> None:
    """Raises `UsageError` if the archive has columns that an enlarged one needs for itself."""
    there = {name for one in originals for name in extras(one)}
    taken = sorted(there & set(MADE_COLUMNS))
    if taken == sorted(MADE_COLUMNS):
        raise UsageError("the archive is an enlarged one already; give the one it was made from")
    if taken:
        raise UsageError(f"the archive has a column {taken[0]!r}, which is needed; rename it")


def extras(one: Original) -> Mapping[str, str]:
    """The manifest's further columns."""
    return one.source.row.extra if one.source.row else {}


def table(originals: Sequence[Original], made: Sequence[Made], groups: Mapping[str, str]) -> bytes:
    """The table as CSV. `groups`: the circle of each patient that has films made of his."""
    further = sorted({name for one in originals for name in extras(one)})
    if any("lesion" in one.endings for one in made):
        further = sorted({*further, LESION_MASK})
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [*COLUMNS, *further, *MADE_COLUMNS], restval="")
    writer.writeheader()
    for one in originals:
        writer.writerows(_original_rows(one, groups))
    for film in made:
        writer.writerow(_made_row(film, groups))
    return text.getvalue().encode()


def _original_rows(one: Original, groups: Mapping[str, str]) -> Iterator[Fields]:
    group = groups.get(one.patient, "")
    patient = _text(one.facts["patient_id"])
    fields = {
        **_said(one),
        "patient_id": group or patient,
        ORIGIN_PATIENT: one.patient if group else patient,
    }
    study = _text(one.facts["study_id"])
    # Two patients of a circle may both have a study "1": it stays the study of one of them.
    fields["study_id"] = f"{patient}/{study}" if study and group not in ("", patient) else study
    mask = one.source.mask
    fields["mask"] = f"{ORIGINALS}/{mask}" if mask else ""
    if LESION_MASK in fields:
        fields[LESION_MASK] = f"{ORIGINALS}/{one.lesion}" if one.lesion else ""
    for path in one.source.paths:
        yield {**fields, "path": f"{ORIGINALS}/{path}"}


def _made_row(film: Made, groups: Mapping[str, str]) -> Fields:
    making, first = film.making, film.making.origin
    fields = _agreed(film) if making.way in ("mix", "lesion") else _said(first)
    fields = {name: text for name, text in fields.items() if name not in _OF_THE_FILES}
    for ending, column in (("mask", "mask"), ("lesion", LESION_MASK)):
        if ending in film.endings:
            fields[column] = f"{making.path}-{ending}.png"
    return {
        **fields,
        "path": f"{making.path}.png",
        "patient_id": groups[first.patient],
        ORIGIN: joined(f"{ORIGINALS}/{one.key}" for one in film.origins),
        ORIGIN_PATIENT: joined(one.patient for one in film.origins),
        MADE_BY: recipe(making.way, film.told),
    }


def recipe(way: str, told: Told) -> str:
    """The way and what was drawn, in one field."""
    words = (
        f"{name}={value:.4g}" if isinstance(value, float | int) else f"{name}={value}"
        for name, value in told.items()
    )
    return " ".join([way, *words])


def _said(one: Original) -> Fields:
    """What the archive says of a scan, but its files: the manifest's columns and the header's."""
    facts: Facts = one.facts
    return {
        **dict(extras(one)),
        **{name: _text(facts.get(name)) for name in COLUMNS if name not in ("path", "mask")},
    }


def _agreed(film: Made) -> Fields:
    """What is said of all of its origins alike: nobody's age is that of two patients' film."""
    rows = [_said(one) for one in film.origins]
    return {
        name: text
        for name, text in rows[0].items()
        if all(row.get(name, "") == text for row in rows)
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)
