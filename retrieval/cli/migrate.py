"""`cbir migrate`: an index of an earlier version becomes one of this."""

from pathlib import Path

import click

from retrieval.cli.options import index_option, table_or_json, verbosity
from retrieval.cli.output import put_object, say


@click.command(epilog="Example: cbir migrate --index demo/index")
@index_option("migrate")
@table_or_json
@verbosity
def migrate(index: Path, format: str, quiet: bool) -> None:
    """Bring an index that an earlier version wrote up to date, from its own tables."""
    from indexer.migrate import migrate as bring_up_to_date

    told = bring_up_to_date(index)
    if format == "json":
        put_object(told.to_json())
    elif not quiet:
        say(told.to_text(), err=True)
