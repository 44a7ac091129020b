"""`cbir models`: the encoders that are there, and adding one."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from retrieval.cli.output import set_up_logging, verbosity


@click.group()
def models() -> None:
    """List the encoders, or add one from a file."""


@models.command("list", epilog="Example: cbir models list")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def list_(form: str) -> None:
    """List the encoders that can be named in cbir.toml."""
    from models.encoders.registry import available

    specs = available()
    if form == "json":
        click.echo(json.dumps([asdict(spec) for spec in specs], indent=1))
        return
    for spec in specs:
        click.echo(f"{spec.name:24} {spec.dim:>5} numbers  {spec.size} px  {spec.licence}")


@models.command(epilog="Example: cbir models add my.onnx --spec my.json")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--spec", required=True, type=click.Path(path_type=Path), help="docs/encoders.md")
@verbosity
def add(file: Path, spec: Path, quiet: bool, verbose: bool) -> None:
    """Add an encoder: an ONNX FILE with its spec, checked and run once."""
    set_up_logging(verbose)
    from models.encoders.registry import add as add_encoder

    added = add_encoder(file, spec)
    if not quiet:
        click.echo(f"added {added.name}: {added.dim} numbers from {added.size} x {added.size} px")
