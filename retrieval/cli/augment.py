"""`cbir augment`: a larger archive to train on, made of a small one."""

from pathlib import Path
from typing import Any

import click

from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import Bars, put_object, say
from retrieval.cli.settings import Settings
from retrieval.cli.training_options import config_of


@click.command(
    epilog="Example: cbir augment examples/archive --out demo/enlarged --times 1 "
    "--ways geometry,mix",
    help="""Enlarge ARCHIVE (a folder, or a cases.csv) by films made of its own, to train on.

    Ways: geometry, grey, elastic, mix, intensity, lesion; see docs/augmentation.md. Films that the
    column `split` keeps apart are copied as they are. Interrupted, the same command goes on.""",
)
@click.argument("archive", type=Place())
@click.option("--out", required=True, type=Place(), help="A folder of its own, new or empty.")
@click.option("--times", type=int, default=3, help="Films made of each (3).")
@click.option("--ways", default="", help="Such as geometry,mix; default: all of them, in turn.")
@click.option("--balance", is_flag=True, help="Make every class as large as the largest.")
@click.option("--healthy", multiple=True, metavar="LABEL", help="A further class without lesions.")
@click.option("--segment", default="", help="A segmenter that finds lungs where no mask says.")
@click.option(
    "--label-from",
    type=click.Choice(["auto", "manifest", "folder", "dicom", "none"]),
    default="auto",
    help="Where labels come from; as of `cbir index`.",
)
@click.option("--seed", type=click.IntRange(0), default=0, help="What is drawn depends on it (0).")
@click.option(
    "--workers", type=click.IntRange(1, 256), help="Processes that decode; default: cores."
)
@click.option("--dry-run", is_flag=True, help="Say what would be made, and write nothing.")
@table_or_json
@verbosity
@click.pass_obj
def augment(
    settings: Settings,
    /,
    archive: Path,
    out: Path,
    format: str,
    quiet: bool,
    dry_run: bool,
    **told: Any,
) -> None:
    """See the help text above."""
    from indexer.augment.asked import HEALTHY, Asked
    from indexer.augment.enlarge import enlarge
    from models.augmenting import TABLE

    config = config_of(settings, told.pop("segment"))
    ways = [name.strip() for name in told.pop("ways").split(",") if name.strip()]
    healthy = (*HEALTHY, *(label.casefold() for label in told.pop("healthy")))
    asked = Asked(ways=tuple(ways) or tuple(TABLE), healthy=healthy, config=config, **told)
    with Bars(quiet) as bars:
        summary = enlarge(archive, out, asked, bars, dry_run)
    if format == "json":
        put_object(summary.to_json())
    elif not quiet:
        say(summary.to_text(), err=True)
