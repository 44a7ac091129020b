"""`cbir preprocess`: try a chain of steps on one scan."""

from pathlib import Path

import click

from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import put_object, say
from retrieval.cli.settings import Settings

_EXAMPLE = 'preprocess examples/queries/Montgomery_0006.dcm --steps "median:3,clahe:2.0"'


@click.command(
    epilog=f"Example: cbir {_EXAMPLE} --out film.png",
    help="""Apply a chain of steps to SCAN (a file, or a folder of slices).

    Writes the result to --out (PNG; NIfTI for a volume) and, beside it, a picture of before and
    after with their histograms. Steps: docs/preprocessing.md.""",
)
@click.argument("scan", type=Place())
@click.option("--steps", help="e.g. median:3,clahe:2.0; default: what an index would do.")
@click.option("--out", required=True, type=Place(dir_okay=False), help="The result.")
@table_or_json
@verbosity
@click.pass_obj
def preprocess(
    settings: Settings, scan: Path, steps: str | None, out: Path, format: str, quiet: bool
) -> None:
    """See the help text above."""
    from indexer.workshop import preprocess_file
    from retrieval.scans import scan_files

    sheet = preprocess_file(scan_files(scan), out, settings.config, steps)
    if format == "json":
        put_object({"schema": 1, "out": str(out), "sheet": str(sheet)})
    elif not quiet:
        say(f"{out}\n{sheet}")
