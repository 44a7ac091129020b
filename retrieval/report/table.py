"""An answer as plain text for a terminal."""

import math
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.answer import Answer, Diagnosis, Hit
from retrieval.report import DISCLAIMER
from retrieval.report.differential import explained, speaks_against
from retrieval.report.shown import beyond, machine_made, one_line, percent, region_of

if TYPE_CHECKING:
    from retrieval.why import Why

NARROWEST = 60
_SHORTEST = 8
_GAP = "  "
_BAR = 24


def render(answer: Answer, width: int = 100, why: "Mapping[str, Why] | None" = None) -> str:
    """The whole answer, without a line break at its end.

    `width`: cells in a line (at least 60). Sentences are wrapped. Where a table would be wider,
    its texts are cut with an ellipsis, the longest first, and if that is not enough its last
    columns are left out; numbers are never cut. `why`: from `Engine.why`, if it was asked for.
    """
    width = max(NARROWEST, width)
    parts = [
        _query(answer),
        _table(answer.hits, width) if answer.hits else ["No case was found."],
        _diagnosis(answer.diagnosis, answer.against, width),
    ]
    if why:
        from retrieval.report.reasons import as_lines

        title = "Why (the places themselves: --format html)"
        parts.insert(2, [title, *as_lines(answer.hits, why)])
    if answer.priors:
        title = "Earlier studies of the same patient (not counted above)"
        parts.append([title, *_table(answer.priors, width)])
    parts.append([*_provenance(answer), DISCLAIMER])
    return "\n\n".join("\n".join(_wrapped(part, width)) for part in parts)


def _wrapped(lines: Sequence[str], width: int) -> Iterator[str]:
    for line in lines:
        if _cells(line) <= width:
            yield line
        else:
            yield from textwrap.wrap(line, width, subsequent_indent=_GAP)


def _query(answer: Answer) -> list[str]:
    query = answer.query
    scan = [one_line(query.path or ""), query.modality, query.body_part]
    lines = [_GAP.join(["Query", *(one_line(word) for word in scan if word)])]
    if query.text:
        lines.append(f'Words{_GAP}"{one_line(query.text)}"')
    if query.where:
        lines.append(f"Where{_GAP}{one_line(query.where)}")
    lines += [f"{said}{_GAP}{one_line(text)}" for said, text in beyond(query)]
    return lines + [f"!{_GAP}{one_line(each)}" for each in (*query.quality, *answer.remarks)]


def _table(hits: Sequence[Hit], width: int) -> list[str]:
    """One line a case under a headline; a column of facts only where one of them is known."""
    columns = [_Column("#", [str(hit.rank) for hit in hits], right=True)]
    columns.append(_Column("label", [one_line(hit.label) or "(none)" for hit in hits]))
    columns.append(_Column("score", [f"{hit.score:.2f}" for hit in hits], right=True))
    for name in dict.fromkeys(name for hit in hits for name in hit.contributions):
        given = [f"{hit.contributions.get(name, 0.0):.2f}" for hit in hits]
        columns.append(_Column(name, given, right=True))
    places = ["" if hit.region is None else region_of(hit.region) for hit in hits]
    columns.append(_Column("at x,y,w,h", places))
    columns.append(_Column("case", [one_line(hit.case_id) for hit in hits], identifier=True))
    patients = [one_line(hit.patient_id) for hit in hits]
    columns.append(_Column("patient", patients, identifier=True))
    columns.append(_Column("modality", [one_line(hit.modality) for hit in hits]))
    rows = _aligned([column for column in columns if any(column.texts)], width)
    return [*rows, *_machines(hits)]


def _machines(hits: Sequence[Hit]) -> Iterator[str]:
    """Whose texts no person wrote: a line below the table for each of the models."""
    for by in dict.fromkeys(hit.annotated_by for hit in hits if hit.annotated_by):
        ranks = ", ".join(str(hit.rank) for hit in hits if hit.annotated_by == by)
        yield f"Text of {ranks}: {machine_made(one_line(by))}"


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: numbers stand flush right and are never cut, identifiers are cut in the middle."""

    name: str
    texts: list[str]
    right: bool = False
    identifier: bool = False

    @property
    def width(self) -> int:
        return max(_cells(text) for text in (self.name, *self.texts))

    def cell(self, text: str, room: int) -> str:
        text = _cut(text, room, in_the_middle=self.identifier)
        pad = " " * (room - _cells(text))
        return pad + text if self.right else text + pad


def _aligned(columns: list[_Column], width: int) -> list[str]:
    """The columns side by side, the widest that may be cut made narrower until all fit."""
    while _together([_narrowest(column) for column in columns]) > width:
        columns = columns[:-1]
    rooms = [column.width for column in columns]
    while _together(rooms) > width:
        soft = [at for at, column in enumerate(columns) if rooms[at] > _narrowest(column)]
        rooms[max(soft, key=lambda at: rooms[at])] -= 1
    rows = zip(*([column.name, *column.texts] for column in columns), strict=True)
    return [
        _GAP.join(
            column.cell(text, room) for column, text, room in zip(columns, row, rooms, strict=True)
        ).rstrip()
        for row in rows
    ]


def _narrowest(column: _Column) -> int:
    return column.width if column.right else min(column.width, _SHORTEST)


def _together(rooms: Sequence[int]) -> int:
    return sum(rooms) + len(_GAP) * (len(rooms) - 1)


def _diagnosis(diagnosis: Diagnosis, against: Hit | None, width: int) -> list[str]:
    if diagnosis.label is None:
        lines = [f"No suggestion: {one_line(diagnosis.reason or 'nothing speaks for a label')}."]
    else:
        neighbours = f" (from {diagnosis.neighbours} cases)" if diagnosis.neighbours else ""
        neighbours = neighbours.replace(")", " and the scan itself)" if diagnosis.judged else ")")
        lines = [f"Suggests {one_line(diagnosis.label)}{neighbours}"]
    if diagnosis.set:
        lines += _bars(diagnosis, width)
        lines += map(one_line, explained(diagnosis))
    if against is not None:
        lines.append(f"{speaks_against(diagnosis)}: {_named(against)}")
    return lines


def _bars(diagnosis: Diagnosis, width: int) -> Iterator[str]:
    names = [one_line(name) for name in diagnosis.probabilities]
    room = min(max(map(_cells, names)), max(_SHORTEST, width - _BAR - 12))
    for name, share in zip(names, diagnosis.probabilities.values(), strict=True):
        shown = _cut(name, room)
        bar = "█" * math.ceil(share * _BAR - 0.5)
        pad = " " * (room - _cells(shown))
        yield f"{_GAP}{shown}{pad}{_GAP}{percent(share):>5}{_GAP}{bar}".rstrip()


def _named(hit: Hit) -> str:
    place = f"rank {hit.rank}" if hit.rank else f"score {hit.score:.2f}, after those found"
    return f"{one_line(hit.case_id)} ({one_line(hit.label)}, {place})"


def _provenance(answer: Answer) -> list[str]:
    index = answer.index
    words = [index.software, index.encoder, f"generation {index.generation}"]
    words += [f"{index.cases:,} cases", f"{answer.seconds:.2f} s"]
    return [" · ".join(one_line(word) for word in words)]


def _cells(text: str) -> int:
    """How many cells of a terminal the text takes; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def _cut(text: str, room: int, in_the_middle: bool = False) -> str:
    """`text`, shortened to `room` cells with an ellipsis if it is longer.

    Identifiers differ at their ends, so they are cut in the middle.
    """
    if _cells(text) <= room:
        return text
    end = text[len(text) - (room - 1) // 2 :] if in_the_middle else ""
    while _cells(end) > room - 2:
        end = end[1:]
    while text and _cells(text) > room - 1 - _cells(end):
        text = text[:-1]
    return text + "…" + end
