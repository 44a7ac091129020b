"""What was found in an archive, as one HTML page with the pictures, duplicates side by side.

Made as the page of an answer is (`retrieval.report.html`): it needs nothing beside it, runs no
script and may load nothing.
"""

from collections.abc import Mapping
from datetime import datetime

from indexer.check.run import Report
from retrieval.report import DISCLAIMER
from retrieval.report.check_table import in_order
from retrieval.report.html import data_uri, environment

SHOWN = 40
"""Findings of one code that are shown."""

MOST_FILMS = 8
"""Films of one finding that are shown; the others are named."""


def render(report: Report, previews: Mapping[int, bytes], made: datetime | None = None) -> str:
    """The page.

    `previews`: instance row -> JPEG. A film without one is named alone. `made`: when the page was
    made; now, if not given.
    """
    return (
        environment()
        .get_template("check.html.j2")
        .render(
            report=report,
            groups=in_order(report),
            films={row: data_uri(jpeg) for row, jpeg in previews.items() if jpeg},
            shown=SHOWN,
            most_films=MOST_FILMS,
            made=(made or datetime.now().astimezone()).strftime("%Y-%m-%d %H:%M"),
            disclaimer=DISCLAIMER,
        )
    )
