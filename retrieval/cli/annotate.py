"""`cbir annotate`: what models say of scans, in words and numbers."""

from pathlib import Path

import click

from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import Bars, put_object, say
from retrieval.cli.settings import Settings
from retrieval.cli.training_options import config_of


@click.command(
    epilog="Example: cbir annotate examples/queries --model chest-lungs --out machine.csv",
    help="""Annotate ARCHIVE (a folder, a cases.csv, or one scan) by models.

    A classifier gives labels, a segmenter of lungs what its masks measure, an annotator findings.
    `cbir index --annotations` takes the table, for scans that nobody annotated.""",
)
@click.argument("archive", type=Place())
@click.option(
    "--model",
    "models",
    multiple=True,
    required=True,
    metavar="NAME[,NAME]",
    help="One of `cbir models list`, or the path of a spec.",
)
@click.option("--out", type=Place(dir_okay=False), help="The table (CSV).")
@click.option("--segment", default="", help="A segmenter; as the classifier was trained with.")
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes that decode; default: cores."
)
@table_or_json
@verbosity
@click.pass_obj
def annotate(
    settings: Settings,
    /,
    archive: Path,
    models: tuple[str, ...],
    out: Path | None,
    segment: str,
    workers: int | None,
    format: str,
    quiet: bool,
) -> None:
    """See the help text above."""
    from indexer.annotate.run import AnnotateOptions
    from indexer.annotate.run import annotate as annotated
    from indexer.annotate.table import check_target, write_table
    from retrieval.report.annotated import as_object, as_table

    names = tuple(name.strip() for told in models for name in told.split(",") if name.strip())
    if out is not None:
        check_target(out)
    options = AnnotateOptions(names, config_of(settings, segment), workers)
    with Bars(quiet) as bars:
        found = annotated(archive, options, bars)
    if out is not None:
        write_table(found.rows, out)
    if format == "json":
        put_object(as_object(found))
    elif not quiet:
        say(as_table(found))
