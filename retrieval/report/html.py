"""An answer as one HTML file that needs nothing beside it: no network, no script, no fonts.

Dark on a screen, as films are read; light on paper. Everything that came from a header, a manifest
or a user is text: escaped by Jinja2's autoescape, and its control and direction characters made
visible on the way out. The page's own policy forbids it to load anything.
"""

import base64
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from retrieval.answer import Answer, Hit
from retrieval.report import DISCLAIMER
from retrieval.report.differential import explained, speaks_against
from retrieval.report.marking import marked
from retrieval.report.shown import age, beyond, machine_made, percent, region_of, visible

if TYPE_CHECKING:
    import jinja2

    from retrieval.why import Why

SHADES = {name: name for name in ("colour", "edge", "embedding", "text", "learned")}
"""Descriptors that have a colour of their own in the style sheet; any other is grey."""


def render(
    answer: Answer,
    previews: Mapping[int, bytes],
    made: datetime | None = None,
    why: "Mapping[str, Why] | None" = None,
) -> str:
    """The page.

    `previews`: instance row -> JPEG. A hit without one gets an empty frame. `made`: when the report
    was made; now, if not given. `why`: from `Engine.why`, if it was asked for.
    """
    return (
        environment()
        .get_template("answer.html.j2")
        .render(
            answer=answer,
            index=answer.index,
            query=answer.query,
            diagnosis=answer.diagnosis,
            against=answer.against,
            explained=list(explained(answer.diagnosis)) if answer.diagnosis.set else [],
            speaks_against=speaks_against(answer.diagnosis),
            films={row: data_uri(jpeg) for row, jpeg in previews.items() if jpeg},
            query_film=data_uri(answer.query.preview) if answer.query.preview else "",
            blocks=_blocks(answer),
            made=(made or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M"),
            beyond=beyond(answer.query),
            disclaimer=DISCLAIMER,
            **_reasons(answer, previews, why or {}),
        )
    )


@cache
def environment() -> "jinja2.Environment":
    """Templates whose texts are escaped and made visible, and the filters of the answer."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("retrieval.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters |= {
        "percent": percent,
        "facts": _facts,
        "machine_made": machine_made,
        "marked": marked,
        "parts": _parts,
        "region_of": region_of,
        "shade": lambda name: SHADES.get(name, "other"),
    }
    return environment


def data_uri(jpeg: bytes) -> str:
    """A picture that stands in the page itself."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def _reasons(
    answer: Answer, previews: Mapping[int, bytes], why: "Mapping[str, Why]"
) -> dict[str, Any]:
    """What the page shows of why, by case; nothing where nobody asked."""
    if not why:
        return {"why": {}, "why_legend": "", "why_scale": ""}
    from retrieval.report import reasons

    shown = {
        hit.case_id: reasons.as_view(why[hit.case_id], previews.get(hit.instance, b""))
        for hit in answer.cases
        if hit.case_id in why
    }
    maps = any(view["films"] for view in shown.values())
    legend = reasons.LEGEND if maps else ""
    return {"why": shown, "why_legend": legend, "why_scale": reasons.scale_css()}


def _blocks(answer: Answer) -> list[str]:
    """The descriptors that gave anything to any hit, for the legend."""
    given: dict[str, float] = {}
    for hit in answer.cases:
        for name, part in hit.contributions.items():
            given[name] = max(given.get(name, 0.0), abs(part))
    return [name for name, most in given.items() if most >= 0.0005]


def _facts(hit: Hit) -> list[str]:
    """What is known about a case, in the order in which it is said."""
    sex = {"M": "male", "F": "female", "O": "other"}.get(hit.sex, hit.sex)
    where = "" if hit.slice_index is None else f"slice {hit.slice_index + 1}"
    among = f"best of {hit.instances} images" if hit.instances > 1 else ""
    said = [age(hit.age), sex, hit.modality, hit.body_part, hit.view, where, among]
    return [fact for fact in said if fact]


def _parts(hit: Hit, blocks: list[str]) -> list[dict[str, Any]]:
    """The stacked bar of a score: for each descriptor its part, and its width in percent.

    The whole bar is a score of 1, the same picture. A negative part has no width; its number is
    shown all the same.
    """
    parts = []
    left = 100.0
    for name in blocks:
        part = hit.contributions.get(name, 0.0)
        width = min(left, max(0.0, 100 * part))
        left -= width
        parts.append({"name": name, "part": part, "width": f"{width:.2f}"})
    return parts
