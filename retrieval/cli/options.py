"""The options that commands share."""

import logging
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from models.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])

OURS = ("indexer", "models", "retrieval")


class Place(click.Path):
    """A file or a folder; an empty text, as an unset variable of a shell gives, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path, or a usage error."""
        if not str(value):
            self.fail("it is empty", param, ctx)
        return Path(os.fsdecode(super().convert(value, param, ctx)))


def index_option(command: str) -> Callable[[F], F]:
    """Adds --index, which CBIR_INDEX gives for every command that asks an index."""
    return click.option(
        "--index",
        required=True,
        type=Place(),
        envvar=[f"CBIR_{command.upper()}_INDEX", "CBIR_INDEX"],
        help="The index's folder.",
    )


class Bytes(click.ParamType[int]):
    """An amount of memory, such as 4G, 512M or 100000."""

    name = "bytes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """In bytes, or a usage error."""
        if isinstance(value, int) and value > 0:
            return value
        match = re.fullmatch(r"([0-9]{1,12})([KMGT]?)", str(value).strip().upper())
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is no amount of memory; write 4G, 512M or a number of bytes")
        return int(match[1]) << 10 * " KMGT".index(match[2] or " ")


def search_options(command: F) -> F:
    """Adds how an index is to be searched; what is not said stays as it was."""
    adds = (
        click.option(
            "--vectors",
            type=click.Choice(["auto", "exact", "approximate"]),
            help="How it is searched; auto, the default, goes by size.",
        ),
        click.option("--memory", type=Bytes(), help="What a search may hold in memory (4G)."),
        click.option(
            "--recall",
            type=click.FloatRange(0.5, 0.999),
            help="Of the nearest 10 how many an approximate search finds (0.99).",
        ),
    )
    for add in reversed(adds):
        command = add(command)
    return command


def aggregate_option(flag: str, says: str, default: str | None = None) -> Callable[[F], F]:
    """Adds an option that names one of `retrieval.aggregation`, which is asked for it later."""
    names = "late, maximum, mean-best, ordered, rank-fusion, symmetric"
    return click.option(flag, default=default, help=f"{says}: {names}.")


def table_or_json(command: F) -> F:
    """Adds --format."""
    kinds = click.Choice(["table", "json"])
    text = "How data is printed: for a person (table) or for a program."
    return click.option("--format", type=kinds, default="table", help=text)(command)


def keep_out(target: Path | None, *folders: Path | None) -> None:
    """Raises `UsageError` if something would be written into one of these folders.

    Those are an index or an archive: nothing but what builds it may write there.
    """
    for folder in filter(None, folders):
        if target is not None and target.resolve().is_relative_to(folder.resolve()):
            raise UsageError(f"{target} lies in {folder}; give another place")


def verbosity(command: F) -> F:
    """Adds -q, and -v, which sets up the logs."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="No progress, no summary.")
    verbose = click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        callback=lambda ctx, param, value: set_up_logging(value),
        help="Say more; tracebacks of faults.",
    )
    return quiet(verbose(command))


def set_up_logging(verbose: bool) -> None:
    """Logs of this program go to stderr: warnings, or everything."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.WARNING)


def verbose() -> bool:
    """Whether -v was given."""
    return logging.getLogger(__name__).isEnabledFor(logging.DEBUG)
