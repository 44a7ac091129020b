"""An answer as plain text for a terminal."""

import math
import unicodedata
from collections.abc import Iterator, Sequence

from retrieval.answer import Answer, Diagnosis, Hit
from retrieval.report import DISCLAIMER
from retrieval.report.shown import age, one_line, percent

NARROWEST = 40
_SHORTEST = 6
_GAP = "  "
_BAR = 24


def render(answer: Answer, width: int = 100) -> str:
    """The whole answer, without a line break at its end.

    `width`: cells in a line (at least 40). Texts are cut with an ellipsis where a table would be
    wider, the longest first; numbers never are.
    """
    width = max(NARROWEST, width)
    parts = [
        _query(answer),
        _table(answer.hits, width) if answer.hits else ["No case was found."],
        _diagnosis(answer.diagnosis, answer.hits, width),
    ]
    if answer.priors:
        title = "Earlier studies of the same patient (not counted above)"
        parts.append([title, *_table(answer.priors, width)])
    parts.append([*_provenance(answer), DISCLAIMER])
    return "\n\n".join("\n".join(_cut(line, width) for line in part) for part in parts)


def _query(answer: Answer) -> list[str]:
    query = answer.query
    scan = [one_line(query.path or ""), query.modality, query.body_part]
    lines = [_GAP.join(["Query", *(one_line(word) for word in scan if word)])]
    if query.text:
        lines.append(f'Words{_GAP}"{one_line(query.text)}"')
    if query.where:
        lines.append(f"Where{_GAP}{one_line(query.where)}")
    return lines + [f"!{_GAP}{one_line(each)}" for each in (*query.quality, *answer.remarks)]


def _table(hits: Sequence[Hit], width: int) -> list[str]:
    """One line a case under a headline; a column of facts only where one of them is known."""
    blocks = list(dict.fromkeys(name for hit in hits for name in hit.contributions))
    texts: dict[str, list[str]] = {"label": [hit.label or "(none)" for hit in hits]}
    numbers = {"score": [f"{hit.score:.2f}" for hit in hits]}
    for name in blocks:
        numbers[name] = [f"{hit.contributions.get(name, 0.0):.2f}" for hit in hits]
    facts = {
        "case": [hit.case_id for hit in hits],
        "patient": [hit.patient_id for hit in hits],
        "modality": [hit.modality for hit in hits],
        "view": [hit.view for hit in hits],
        "sex": [hit.sex for hit in hits],
        "age": [age(hit.age) for hit in hits],
    }
    texts |= {name: values for name, values in facts.items() if any(values)}
    columns = [["#", *(str(hit.rank) for hit in hits)]]
    columns += [[name, *map(one_line, values)] for name, values in texts.items()]
    columns[2:2] = [[name, *values] for name, values in numbers.items()]
    right = [0, *range(2, 2 + len(numbers))]
    return _aligned(columns, right, width)


def _aligned(columns: list[list[str]], right: Sequence[int], width: int) -> list[str]:
    """The columns side by side; those in `right` end flush, the others may be cut."""
    widths = [max(map(_cells, column)) for column in columns]
    soft = [at for at in range(len(columns)) if at not in right]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > width:
        longest = max(soft, key=lambda at: widths[at])
        if widths[longest] <= _SHORTEST:
            break
        widths[longest] -= 1
    rows = []
    for row in zip(*columns, strict=True):
        cells = [_cut(text, room) for text, room in zip(row, widths, strict=True)]
        pads = [" " * (room - _cells(text)) for text, room in zip(cells, widths, strict=True)]
        line = [
            pad + text if at in right else text + pad
            for at, (text, pad) in enumerate(zip(cells, pads, strict=True))
        ]
        rows.append(_GAP.join(line).rstrip())
    return rows


def _diagnosis(diagnosis: Diagnosis, hits: Sequence[Hit], width: int) -> list[str]:
    if diagnosis.label is None:
        return [f"No suggestion: {one_line(diagnosis.reason or 'nothing speaks for a label')}."]
    neighbours = f" (from {diagnosis.neighbours} cases)" if diagnosis.neighbours else ""
    lines = [f"Suggests {one_line(diagnosis.label)}{neighbours}"]
    lines += _bars(diagnosis, width)
    if len(diagnosis.set) > 1:
        lines.append(f"Not told apart (90 %): {', '.join(map(one_line, diagnosis.set))}")
    if diagnosis.against is not None:
        lines.append(f"Nearest case that speaks against it: {_named(diagnosis.against, hits)}")
    return lines


def _bars(diagnosis: Diagnosis, width: int) -> Iterator[str]:
    names = [one_line(name) for name in diagnosis.probabilities]
    room = min(max(map(_cells, names)), max(_SHORTEST, width - _BAR - 12))
    for name, share in zip(names, diagnosis.probabilities.values(), strict=True):
        shown = _cut(name, room)
        bar = "█" * math.ceil(share * _BAR - 0.5)
        pad = " " * (room - _cells(shown))
        yield f"{_GAP}{shown}{pad}{_GAP}{percent(share):>5}{_GAP}{bar}".rstrip()


def _named(case_id: str, hits: Sequence[Hit]) -> str:
    for hit in hits:
        if hit.case_id == case_id:
            return f"{one_line(case_id)} ({one_line(hit.label)}, rank {hit.rank})"
    return one_line(case_id)


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


def _cut(text: str, room: int) -> str:
    """`text`, shortened to `room` cells with an ellipsis if it is longer."""
    if _cells(text) <= room:
        return text
    while text and _cells(text) > room - 1:
        text = text[:-1]
    return text + "…"
