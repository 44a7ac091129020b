"""`cbir info` and `cbir verify`: what an index is, and whether it is whole."""

import json
from pathlib import Path

import click

from retrieval.cli.output import set_up_logging, verbosity


@click.command(epilog="Example: cbir info --index demo/index")
@click.option("--index", required=True, type=click.Path(path_type=Path), help="The index's folder.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@verbosity
def info(index: Path, form: str, quiet: bool, verbose: bool) -> None:
    """Say what an index holds and what it was built with."""
    set_up_logging(verbose)
    from retrieval.inspect import facts_of

    facts = facts_of(index)
    if form == "json":
        click.echo(json.dumps(facts.to_json(), indent=1, ensure_ascii=False))
    else:
        click.echo(facts.to_text())


@click.command(epilog="Example: cbir verify --index demo/index")
@click.option("--index", required=True, type=click.Path(path_type=Path), help="The index's folder.")
@verbosity
def verify(index: Path, quiet: bool, verbose: bool) -> None:
    """Compare every file of an index with what was written; exit 9 names one that differs."""
    set_up_logging(verbose)
    from retrieval.inspect import verified

    files = verified(index)
    if not quiet:
        click.echo(f"{index}: {files} files are as they were written")
