"""`cbir segment`: try a segmentation on one scan."""

from pathlib import Path

import click

from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import put_object, say
from retrieval.cli.settings import Settings

_EXAMPLE = "segment examples/queries/Montgomery_0006.dcm --method otsu"


@click.command(
    epilog=f"Example: cbir {_EXAMPLE} --out film.png",
    help="""Draw the region that a method finds in SCAN (a file, or a folder of slices).

    Methods: auto, none, otsu, edges, watershed, hu_range:LOW,HIGH, ct_body, ct_lungs,
    chest_lungs.""",
)
@click.argument("scan", type=Place())
@click.option("--method", default="auto", help="auto: what an index would do.")
@click.option("--out", required=True, type=Place(dir_okay=False), help="A picture (PNG).")
@table_or_json
@verbosity
@click.pass_obj
def segment(
    settings: Settings, scan: Path, method: str, out: Path, format: str, quiet: bool
) -> None:
    """See the help text above."""
    from indexer.workshop import segment_file
    from retrieval.scans import scan_files

    told = segment_file(scan_files(scan), out, settings.config, method)
    if format == "json":
        put_object({"schema": 1, "out": str(out), "told": told})
    elif not quiet:
        say(f"{out}\n{told}")
