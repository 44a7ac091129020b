"""`cbir check`: what is wrong in an archive."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from retrieval.cli.options import Place, keep_out, verbosity
from retrieval.cli.output import Bars, put
from retrieval.cli.settings import Settings

if TYPE_CHECKING:
    from retrieval.check import Checked


@click.command(
    epilog="Example: cbir check examples/archive",
    help="""Look through ARCHIVE before building on it: what is turned, inverted, doubled,
    contradictory or doubtful.

    Nothing is changed in it. With --index the description is kept there; --index without ARCHIVE
    checks an index as it is.""",
)
@click.argument("archive", required=False, type=Place())
@click.option(
    "--index",
    type=Place(),
    envvar=["CBIR_CHECK_INDEX"],
    help="An index to check, or to bring up to date and check.",
)
@click.option("--labels/--no-labels", default=True, help="Check labels too (default).")
@click.option(
    "--label-from",
    type=click.Choice(["auto", "manifest", "folder", "dicom", "none"]),
    default="auto",
    help="Where labels come from, as for `cbir index`.",
)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; default: cores.")
@click.option(
    "--format",
    type=click.Choice(["table", "json", "html"]),
    default=None,
    help="For a terminal, for a program, or a page with the pictures.",
)
@click.option("--out", type=Place(dir_okay=False), help="Write there; a .html file is a page.")
@verbosity
@click.pass_obj
def check(
    settings: Settings,
    /,
    archive: Path | None,
    index: Path | None,
    format: str | None,
    out: Path | None,
    quiet: bool,
    **options: object,
) -> None:
    """See the help text above."""
    from retrieval.check import Asked
    from retrieval.check import check as look

    form = format or ("html" if out and out.suffix.lower() in (".html", ".htm") else "table")
    keep_out(out, archive, index)
    asked = Asked(
        archive,
        index,
        labels=bool(options["labels"]),
        pictures=form == "html",
        label_from=str(options["label_from"]),
        config=settings.config,
        workers=options["workers"] if isinstance(options["workers"], int) else None,
    )
    bars = Bars(quiet)
    try:
        checked = look(asked, bars)
    finally:
        bars.close()
    put(_rendered(checked, form), out)


def _rendered(checked: "Checked", form: str) -> str:
    if form == "json":
        import json

        return json.dumps(checked.report.to_json(), indent=1, allow_nan=False)
    if form == "html":
        from retrieval.report.check_html import render as as_html

        return as_html(checked.report, checked.previews)
    from retrieval.report.check_table import render as as_table

    return as_table(checked.report)
