"""`cbir train encoder`: what makes films of one kind lie near each other."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from models.errors import UsageError
from retrieval.cli.options import Place, verbosity
from retrieval.cli.output import Bars
from retrieval.cli.settings import Settings
from retrieval.cli.training_options import (
    Told,
    augmentation_of,
    begins_with,
    config_of,
    frozen_option,
    label_from_option,
    make_ready,
    members_option,
    network_option,
    segment_option,
    settings_of,
    tell,
    training_options,
    without_option,
)

if TYPE_CHECKING:
    from indexer.learn.encoder import EncoderAsked

LOSSES = ("supcon", "proxy", "proxy-anchor", "multi-similarity", "self-supervised")


@click.command(
    epilog="Example: cbir train encoder examples/archive --out runs/near --network small "
    "--size 64 --epochs 2",
    help="""Train an encoder on the films of ARCHIVE, so that like lies near like.

    By their labels, or without any (--loss self-supervised). It writes a model that the base
    installation runs, curves and a report (JSON, HTML) into --out. Interrupted, the same command
    goes on.""",
)
@click.argument("archive", type=Place())
@click.option("--loss", type=click.Choice(LOSSES), default="proxy", help="What is learned (proxy).")
@click.option("--dim", type=click.IntRange(0, 4096), default=256, help="Of an embedding (256).")
@click.option("--mix", type=float, default=0.0, help="Share of a classifier in the loss (0).")
@click.option("--temperature", type=float, default=0.1, help="Of the loss's softmax (0.1).")
@network_option
@click.option(
    "--from",
    "begin",
    metavar="imagenet|nothing|RUN",
    help="Weights to begin with, or the folder of a run; default: imagenet where there are some.",
)
@frozen_option
@members_option
@without_option
@click.option("--beside", multiple=True, metavar="MODEL", help="Measure another encoder as well.")
@segment_option
@label_from_option
@training_options
@verbosity
@click.pass_obj
def encoder(settings: Settings, /, archive: Path, out: Path, quiet: bool, **told: Any) -> None:
    """See the help text above."""
    make_ready(out, told["resume"])
    from indexer.learn.encoder import train_encoder
    from retrieval.report.training import write_encoder_report

    with Bars(quiet) as bars:
        learned = train_encoder(
            archive,
            out,
            _asked(settings, told),
            settings_of(told, {}),
            augmentation_of(told, AUGMENTATION if told["loss"] == "self-supervised" else {}),
            bars,
        )
    tell(told, quiet, write_encoder_report(learned, out), out, learned.spec)


AUGMENTATION: Mapping[str, float] = MappingProxyType(
    {"rotation": 15.0, "crop": 0.5, "contrast": 0.4, "brightness": 0.3, "gamma": 0.4, "erase": 0.2}
)
"""Of views: stronger, because telling them from other films must not be too easy."""


def _asked(settings: Settings, told: Told) -> "EncoderAsked":
    from indexer.learn.encoder import EncoderAsked

    begin = _begin(told)
    return EncoderAsked(
        loss=told["loss"],
        dim=told["dim"],
        mix=told["mix"],
        temperature=told["temperature"],
        network=told["network"],
        begin=begin,
        frozen=0 if begin == "nothing" else told["frozen"],
        size=told["size"],
        members=told["members"],
        without=told["without"],
        beside=told["beside"],
        name=told["name"] or "encoder",
        config=config_of(settings, told["segment"]),
        workers=told["workers"],
        label_from=told["label_from"],
    )


def _begin(told: Told) -> str | Path:
    begin = begins_with(told)
    if begin in ("imagenet", "nothing"):
        return begin
    run = Path(begin)
    if not run.is_dir():
        raise UsageError(
            f"--from is {begin!r}; it is imagenet, nothing, or the folder of a finished run"
        )
    return run
