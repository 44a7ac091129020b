"""`cbir remove` and `cbir gc`: taking scans out of an index, and what nobody needs any more."""

import re
from pathlib import Path

import click

from retrieval.cli.exits import DONE, LOCKED
from retrieval.cli.options import index_option, table_or_json, verbosity
from retrieval.cli.output import put_object, say

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType):  # type: ignore[type-arg]  # not generic in all of click 8
    """A time such as 90s, 10m, 1h or 7d, in seconds."""

    name = "TIME"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds, or a usage error."""
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", str(value).strip())
        if match is None:
            self.fail(f"{value!r} is no time; give one such as 90s, 10m, 1h or 7d", param, ctx)
        return float(match[1]) * _UNITS_S[match[2] or "s"]


def _no_blank(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    if not all(value.strip() for value in values):
        raise click.BadParameter("it is empty", ctx, param)
    return values


@click.command(epilog="Example: cbir remove --index demo/index --path normal/Montgomery_0059.jpg")
@index_option("remove")
@click.option("--patient", multiple=True, callback=_no_blank, help="All scans of this patient.")
@click.option("--case", multiple=True, callback=_no_blank, help="All scans of this case.")
@click.option(
    "--path", multiple=True, callback=_no_blank, help="A file of the archive, or a folder."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@table_or_json
@verbosity
def remove(
    index: Path,
    patient: tuple[str, ...],
    case: tuple[str, ...],
    path: tuple[str, ...],
    dry_run: bool,
    format: str,
    quiet: bool,
) -> int:
    """Take scans out of an index, so that nothing of them is left in it.

    The archive's files are not touched, and the next `cbir index` does not take them again.
    """
    from indexer.remove import Chosen
    from indexer.remove import remove as take_out

    if not (patient or case or path):
        raise click.UsageError("say what to remove: --patient, --case or --path")
    told = take_out(index, Chosen(patient, case, path), dry_run)
    if format == "json":
        put_object(told.to_json())
    elif not quiet:
        say(told.to_text(), err=True)
    return LOCKED if told.pending else DONE


@click.command(epilog="Example: cbir gc --index demo/index --keep-for 0s")
@index_option("gc")
@click.option(
    "--keep-for",
    type=Duration(),
    default="1h",
    help="Keep what was replaced a shorter time ago: 90s, 10m, 1h (default), 7d.",
)
@table_or_json
@verbosity
def gc(index: Path, keep_for: float, format: str, quiet: bool) -> int:
    """Remove old generations of an index that no reader holds, and what unfinished runs left."""
    from indexer.sweep import collect

    told = collect(index, keep_for)
    if format == "json":
        put_object({"schema": 1, **told.to_json()})
    elif not quiet:
        counts = (len(told.removed), len(told.held), len(told.kept))
        say("generations: removed {}, held by readers {}, kept {}".format(*counts), err=True)
        if told.erasing:
            say("note: a reader still holds what was removed; run this again later", err=True)
    return LOCKED if told.erasing else DONE
