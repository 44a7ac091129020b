"""`cbir train`: what the engine learns from an archive. Needs the extra `train`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from retrieval.cli.options import Place, verbosity
from retrieval.cli.output import Bars
from retrieval.cli.settings import Settings
from retrieval.cli.train_encoder import encoder
from retrieval.cli.training_options import (
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

F = TypeVar("F", bound=Callable[..., Any])

_TRUNK = (
    network_option,
    click.option(
        "--from",
        "begin",
        type=click.Choice(["imagenet", "nothing"]),
        help="Trained weights to begin with; default: imagenet where there are some.",
    ),
    frozen_option,
    label_from_option,
)


def trunk_options(command: F) -> F:
    """Adds the options of a network that begins with a trunk."""
    for option in reversed(_TRUNK):
        command = option(command)
    return command


@click.group()
def train() -> None:
    """Train a model on an archive (needs the extra `train`)."""


train.add_command(encoder)


@train.command(
    epilog="Example: cbir train classifier examples/archive --out runs/small --network small "
    "--size 64 --epochs 2",
    help="""Train a classifier on the labelled films of ARCHIVE.

    It writes a model that the base installation runs, curves and a report (JSON, HTML) into --out.
    Interrupted, the same command goes on.""",
)
@click.argument("archive", type=Place())
@trunk_options
@members_option
@without_option
@segment_option
@training_options
@verbosity
@click.pass_obj
def classifier(settings: Settings, /, archive: Path, out: Path, quiet: bool, **told: Any) -> None:
    """See the help text above."""
    make_ready(out, told["resume"])
    from indexer.learn.classifier import ClassifierAsked, train_classifier
    from retrieval.report.training import write_classifier_report

    pretrained = begins_with(told) == "imagenet"
    asked = ClassifierAsked(
        network=told["network"],
        pretrained=pretrained,
        frozen=told["frozen"] if pretrained else 0,
        size=told["size"],
        members=told["members"],
        without=told["without"],
        name=told["name"] or "classifier",
        config=config_of(settings, told["segment"]),
        workers=told["workers"],
        label_from=told["label_from"],
    )
    with Bars(quiet) as bars:
        learned = train_classifier(
            archive, out, asked, settings_of(told, {}), augmentation_of(told, {}), bars
        )
    tell(told, quiet, write_classifier_report(learned, out), out, learned.spec)


@train.command(
    epilog="Example: cbir train segmenter examples/archive --out runs/lungs --size 64 --width 8 "
    "--epochs 2",
    help="""Train a segmenter on the films of ARCHIVE that have a mask (a column of its manifest).

    It writes a model that the base installation runs, curves and a report (JSON, HTML) into --out.
    Interrupted, the same command goes on.""",
)
@click.argument("archive", type=Place())
@click.option("--region", default="lungs", help="What the masks show, a word (lungs).")
@click.option(
    "--loss", type=click.Choice(["dice", "cross-entropy", "both"]), default="both", help="(both)"
)
@click.option("--width", type=click.IntRange(4, 128), default=16, help="Of the network (16).")
@training_options
@verbosity
@click.pass_obj
def segmenter(settings: Settings, /, archive: Path, out: Path, quiet: bool, **told: Any) -> None:
    """See the help text above."""
    make_ready(out, told["resume"])
    from indexer.learn.segmenter import AUGMENTATION, SETTINGS, SegmenterAsked, train_segmenter
    from retrieval.report.training import write_segmenter_report

    asked = SegmenterAsked(
        region=told["region"],
        size=told["size"] or 256,
        width=told["width"],
        loss=told["loss"],
        name=told["name"] or "segmenter",
        config=config_of(settings, ""),
        workers=told["workers"],
    )
    with Bars(quiet) as bars:
        learned = train_segmenter(
            archive,
            out,
            asked,
            settings_of(told, SETTINGS),
            augmentation_of(told, AUGMENTATION),
            bars,
        )
    tell(told, quiet, write_segmenter_report(learned, out), out, learned.spec)


@train.command(
    epilog="Example: cbir train annotator examples/archive --out runs/findings --network small "
    "--size 64 --epochs 2",
    help="""Train an annotator on ARCHIVE: findings and masks by one network.

    It learns what the columns `findings`, `label` and `mask` say, each film what it has. It writes
    a model that the base installation runs, curves and a report (JSON, HTML) into --out.
    Interrupted, the same command goes on.""",
)
@click.argument("archive", type=Place())
@trunk_options
@click.option("--region", default="lungs", help="What the masks show, a word (lungs).")
@click.option(
    "--least-patients",
    type=click.IntRange(2),
    default=10,
    help="Patients that must have a finding for it to be learned (10).",
)
@training_options
@verbosity
@click.pass_obj
def annotator(settings: Settings, /, archive: Path, out: Path, quiet: bool, **told: Any) -> None:
    """See the help text above."""
    make_ready(out, told["resume"])
    from indexer.learn.annotator import SETTINGS, AnnotatorAsked, train_annotator
    from retrieval.report.training import write_annotator_report

    pretrained = begins_with(told) == "imagenet"
    asked = AnnotatorAsked(
        network=told["network"],
        pretrained=pretrained,
        frozen=told["frozen"] if pretrained else 0,
        size=told["size"],
        region=told["region"],
        least_patients=told["least_patients"],
        name=told["name"] or "annotator",
        config=config_of(settings, ""),
        workers=told["workers"],
        label_from=told["label_from"],
    )
    with Bars(quiet) as bars:
        learned = train_annotator(
            archive, out, asked, settings_of(told, SETTINGS), augmentation_of(told, {}), bars
        )
    tell(told, quiet, write_annotator_report(learned, out), out, learned.spec)
