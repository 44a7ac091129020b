"""What was found in an archive, as plain text for a terminal."""

from collections.abc import Iterator

from indexer.check import Film, Finding, Kind, kind_of
from indexer.check.run import Report
from retrieval.report.shown import one_line

SHOWN = 20
"""Findings of one code that are listed; the JSON and the page hold more."""

_INDENT = "  "


def render(report: Report) -> str:
    """The findings by code, those that are faults first; without a line break at the end."""
    return "\n".join(_lines(report))


def in_order(report: Report) -> list[tuple[str, Kind, list[Finding]]]:
    """The codes that were found, faults before remarks."""
    kinds = [(code, kind_of(code), report.of(code)) for code in report.found]
    return sorted(kinds, key=lambda one: not one[1].fault)


def _lines(report: Report) -> Iterator[str]:
    counts = report.counts
    held = ", ".join(f"{counts[name]} {name}" for name in ("cases", "patients", "files", "rejects"))
    yield f"Archive  {one_line(report.archive)}  ({held})"
    if not report.findings:
        yield ""
        yield "Nothing was found."
    for code, kind, findings in in_order(report):
        yield ""
        yield f"{kind.title}: {len(findings)}  [{code}]{'' if kind.fault else '  (a remark)'}"
        if kind.advice:
            yield f"{_INDENT}{kind.advice}"
        for finding in findings[:SHOWN]:
            yield f"{_INDENT}- {one_line(finding.sentence)}"
            yield from (f"{_INDENT * 3}{_film(film)}" for film in finding.films)
        if len(findings) > SHOWN:
            yield f"{_INDENT}... and {len(findings) - SHOWN} more (--format json has them all)"
    if report.not_done:
        yield ""
        yield "Not checked"
        yield from (f"{_INDENT}- {one_line(why)}" for why in report.not_done)


def _film(film: Film) -> str:
    said = [f"patient {film.patient_id}" if film.patient_id else "", film.label]
    about = ", ".join(one_line(text) for text in said if text)
    return one_line(film.path) + (f"  ({about})" if about else "")
