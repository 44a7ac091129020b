"""`cbir models compress`: a smaller and faster model, kept only if it loses little."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from models.compress import LIMIT, TABLE
from models.errors import ModelUnusable
from retrieval.cli.options import Place, table_or_json, verbosity
from retrieval.cli.output import Bars, put_object, say
from retrieval.cli.settings import Settings
from retrieval.cli.training_options import (
    config_of,
    label_from_option,
    pairs,
    segment_option,
    without_option,
)

if TYPE_CHECKING:
    from indexer.learn.compress import CompressAsked, Compression


@click.command(
    epilog="Example: cbir models compress runs/small/model/classifier.json "
    "--archive examples/archive --method int8 --limit 0.2 --out runs/small-int8",
    help="""Make MODEL smaller, and measure what it loses on films of an archive.

    MODEL is a name of `cbir models list` or the path of a spec. What loses more than --limit in
    any figure is refused and not written (exit 10). Needs the extra `train`.""",
)
@click.argument("model")
@click.option("--archive", required=True, type=Place(), help="Films to learn and measure on.")
@click.option(
    "--method", required=True, type=click.Choice(list(TABLE)), help="How: docs/compression.md."
)
@click.option("--out", required=True, type=Place(), help="A folder of its own for what is made.")
@click.option(
    "--limit", type=float, default=LIMIT, help=f"The most that any figure may fall ({LIMIT:g})."
)
@click.option("--run", type=Place(), help="The training run that made MODEL; prune needs it.")
@click.option("--keep", type=float, default=0.5, help="prune: share of channels that stay (0.5).")
@click.option("--student", default="small", help="distil: the network that is taught (small).")
@click.option(
    "--size", type=click.IntRange(0, 2048), default=0, help="distil: its pixels; 0: as made for."
)
@click.option("--epochs", type=int, help="prune, distil: passes over the training films.")
@click.option(
    "--set",
    "more",
    multiple=True,
    metavar="NAME=VALUE",
    help="prune, distil: another setting of the training: docs/training.md.",
)
@click.option("--seed", type=int, default=0, help="Of everything that is drawn (0).")
@click.option("--name", default="", help="Of what is made; default: MODEL's with the method.")
@without_option
@segment_option
@label_from_option
@click.option("--workers", type=click.IntRange(1, 256), help="Processes that decode.")
@click.option("--resume/--no-resume", default=True, help="Go on where it stopped (default).")
@table_or_json
@verbosity
@click.pass_obj
def compress(
    settings: Settings, /, model: str, archive: Path, out: Path, quiet: bool, **told: Any
) -> None:
    """See the help text above."""
    from indexer.learn.compress import compress as make

    with Bars(quiet) as bars:
        found = make(model, archive, out, _asked(settings, told), bars)
    _tell(found, told["format"], quiet)
    if found.refused:
        raise ModelUnusable(found.refused)


def _asked(settings: Settings, told: dict[str, Any]) -> "CompressAsked":
    from indexer.learn.compress import CompressAsked
    from models.compress.contract import Wishes

    named = {name: told[name] for name in ("epochs", "seed") if told[name] is not None}
    wishes = Wishes(
        keep=told["keep"],
        student=told["student"],
        student_px=told["size"],
        run=told["run"],
        training={**named, **pairs("--set", told["more"])},
    )
    return CompressAsked(
        method=told["method"],
        wishes=wishes,
        limit=told["limit"],
        name=told["name"],
        without=told["without"],
        seed=told["seed"],
        config=config_of(settings, told["segment"]),
        workers=told["workers"],
        label_from=told["label_from"],
        resume=told["resume"],
    )


def _tell(found: "Compression", format: str, quiet: bool) -> None:
    from retrieval.report.compression import table

    if format == "json":
        put_object(found.to_json())
        return
    if quiet:
        return
    say(table({"before": found.before, found.method: found.after}))
    films = ", ".join(f"{side} {count}" for side, count in found.films.items())
    say(f"\nfilms: {films}")
    for remark in found.remarks:
        say(f"!  {remark}")
    if found.spec is not None:
        say(str(found.spec))
