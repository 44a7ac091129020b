"""`cbir segment`: try a segmentation on one scan."""

from pathlib import Path

import click

from retrieval.cli.output import set_up_logging, verbosity
from retrieval.cli.settings import Settings


@click.command(
    epilog="Example: cbir segment ct_series/ --method ct_lungs --out lungs.png",
    help="""Draw the region that a method finds in SCAN (a file, or a folder of slices).

    Methods: auto, none, otsu, edges, watershed, hu_range:LOW,HIGH, ct_body, ct_lungs.""",
)
@click.argument("scan", type=click.Path(path_type=Path))
@click.option("--method", default="auto", help="auto: what an index would do.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A picture (PNG).")
@verbosity
@click.pass_obj
def segment(
    settings: Settings, scan: Path, method: str, out: Path, quiet: bool, verbose: bool
) -> None:
    """See the help text above."""
    set_up_logging(verbose)
    from indexer.workshop import segment_file
    from retrieval.scans import scan_files

    told = segment_file(scan_files(scan), out, settings.config, method)
    if not quiet:
        click.echo(f"{out}\n{told}")
