"""`cbir index`: build an index, or bring it up to date."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from retrieval.cli.exits import DONE, REJECTS
from retrieval.cli.options import Place, search_options, table_or_json, verbosity
from retrieval.cli.output import Bars, put_object, say
from retrieval.cli.settings import Settings


@click.command(
    epilog="Example: cbir index examples/archive --out demo/index",
    help="""Build an index of ARCHIVE (a folder, or a cases.csv), or bring it up to date.

    Only what is new or changed is done again, also after an interruption.""",
)
@click.argument("archive", type=Place())
@click.option("--out", required=True, type=Place(), help="The index's folder, of its own.")
@click.option("--resume/--no-resume", default=True, help="Keep what was done before (default).")
@click.option("--prune", is_flag=True, help="Take out the scans whose files are gone.")
@click.option(
    "--label-from",
    type=click.Choice(["auto", "manifest", "folder", "dicom", "none"]),
    default="auto",
    help="Where labels come from; auto: the first of them that has one.",
)
@click.option("--no-mend", is_flag=True, help="Take scans as they are, faults and all.")
@click.option("--encoder", help="One of `cbir models list`.")
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes that decode; default: cores."
)
@click.option(
    "--annotations",
    type=Place(dir_okay=False),
    help="Texts of `cbir annotate`, for scans that nobody annotated.",
)
@click.option("--drop-annotations", is_flag=True, help="Take out such texts.")
@click.option("--take-back", is_flag=True, help="Take what was removed (`cbir remove`) again.")
@search_options
@click.option("--strict", is_flag=True, help="Exit 6 if any file was rejected.")
@click.option("--profile", is_flag=True, help="Tell what each stage took.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@table_or_json
@verbosity
@click.pass_obj
def index(
    settings: Settings,
    /,
    archive: Path,
    out: Path,
    format: str,
    quiet: bool,
    strict: bool,
    encoder: str | None,
    no_mend: bool,
    profile: bool,
    **options: Any,
) -> int:
    """See the help text above."""
    from indexer.pipeline import Options, build

    config = settings.config if encoder is None else replace(settings.config, encoder=encoder)
    config = replace(config, mend=()) if no_mend else config
    bars = Bars(quiet)
    try:
        asked = Options(config=config, tell=partial(_estimate, bars, quiet), **options)
        summary = build(archive, out, asked, bars)
    finally:
        bars.close()
    if not profile:
        summary = replace(summary, stages=())
    if format == "json":
        put_object(summary.to_json())
    elif not quiet:
        say(summary.to_text(), err=True)
    if profile and format == "table":
        from retrieval.report.stages import as_table

        say(as_table(summary.stages, summary.seconds))
    return REJECTS if strict and summary.rejected else DONE


def _estimate(bars: Bars, quiet: bool, text: str) -> None:
    """What searching will cost, before it is built."""
    bars.close()
    if not quiet:
        say(text, err=True)
