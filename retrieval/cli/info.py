"""`cbir info` and `cbir verify`: what an index is, and whether it is whole."""

from pathlib import Path

import click

from retrieval.cli.options import index_option, table_or_json, verbosity
from retrieval.cli.output import put_object, say


@click.command(epilog="Example: cbir info --index demo/index")
@index_option("info")
@table_or_json
@verbosity
def info(index: Path, format: str, quiet: bool) -> None:
    """Say what an index holds and what it was built with."""
    from retrieval.inspect import facts_of

    facts = facts_of(index)
    if format == "json":
        put_object(facts.to_json())
    else:
        say(facts.to_text())


@click.command(epilog="Example: cbir verify --index demo/index")
@index_option("verify")
@table_or_json
@verbosity
def verify(index: Path, format: str, quiet: bool) -> None:
    """Compare every file of an index with what was written; exit 9 names one that differs."""
    from retrieval.inspect import verified

    told = verified(index)
    if format == "json":
        put_object(told.to_json())
    elif not quiet:
        say(f"{index}: {told.files} files are as they were written\ncontent {told.content}")
