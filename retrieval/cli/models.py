"""`cbir models`: the models that are there, adding one, and making one smaller."""

from dataclasses import asdict
from pathlib import Path

import click

from retrieval.cli.compress import compress
from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import put_object, say


@click.group()
def models() -> None:
    """List the models, add one from a file, or make one smaller."""


models.add_command(compress)


@models.command("list", epilog="Example: cbir models list")
@table_or_json
def list_(format: str) -> None:
    """List the models: encoders, classifiers, segmenters."""
    from models.runtime import ModelSpec
    from models.runtime.registry import available

    specs = available(ModelSpec)
    if format == "json":
        put_object([asdict(spec) for spec in specs])
        return
    for spec in specs:
        say(f"{spec.name:24} {spec.kind:10} {spec.size:>4} px  {spec.licence:12}  {spec.note}")


@models.command(epilog="Example: cbir models add my.onnx --spec my.json")
@click.argument("file", type=Place())
@click.option("--spec", required=True, type=Place(), help="What it takes: docs/encoders.md.")
@table_or_json
@verbosity
def add(file: Path, spec: Path, format: str, quiet: bool) -> None:
    """Add a model: an ONNX FILE with its spec, checked and run once."""
    from models.runtime.registry import add as add_encoder

    added = add_encoder(file, spec)
    if format == "json":
        put_object(asdict(added))
    elif not quiet:
        say(f"added the {added.kind} {added.name}: it takes {added.size} x {added.size} px")
