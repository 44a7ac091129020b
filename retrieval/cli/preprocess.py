"""`cbir preprocess`: try a chain of steps on one scan."""

from pathlib import Path

import click

from retrieval.cli.output import set_up_logging, verbosity
from retrieval.cli.settings import Settings


@click.command(
    epilog='Example: cbir preprocess film.dcm --steps "median:3,clahe:2.0" --out film.png',
    help="""Apply a chain of steps to SCAN (a file, or a folder of slices).

    Writes the result to --out (PNG; NIfTI for a volume) and, beside it, a picture of before and
    after with their histograms. Steps: docs/preprocessing.md.""",
)
@click.argument("scan", type=click.Path(path_type=Path))
@click.option("--steps", help="e.g. median:3,clahe:2.0; default: what an index would do.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The result.")
@verbosity
@click.pass_obj
def preprocess(
    settings: Settings, scan: Path, steps: str | None, out: Path, quiet: bool, verbose: bool
) -> None:
    """See the help text above."""
    set_up_logging(verbose)
    from indexer.workshop import preprocess_file
    from retrieval.scans import scan_files

    sheet = preprocess_file(scan_files(scan), out, settings.config, steps)
    if not quiet:
        click.echo(f"{out}\n{sheet}")
