"""The options that all training commands share, and what they become."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from models.errors import UsageError
from retrieval.cli.options import Place, table_or_json
from retrieval.cli.output import put_object, say
from retrieval.cli.settings import Settings

if TYPE_CHECKING:
    from indexer.config import Config
    from models.training.augment import Augmentation
    from models.training.settings import TrainingSettings

F = TypeVar("F", bound=Callable[..., Any])
Told = Mapping[str, Any]

_OPTIONS = (
    click.option("--out", required=True, type=Place(), help="The run's folder, of its own."),
    click.option("--name", default="", help="Of the model."),
    click.option("--epochs", type=int, help="Passes over the training films."),
    click.option("--batch", type=int, help="Films a step."),
    click.option("--learning-rate", type=float, help="The highest."),
    click.option("--size", type=click.IntRange(0, 2048), default=0, help="Pixels; 0: as made for."),
    click.option("--seed", type=int, default=0, help="Of everything that is drawn (0)."),
    click.option(
        "--set",
        "more",
        multiple=True,
        metavar="NAME=VALUE",
        help="Another setting of the training: docs/training.md.",
    ),
    click.option(
        "--augment",
        multiple=True,
        metavar="NAME=VALUE",
        help="How strongly films are changed: docs/training.md.",
    ),
    click.option("--workers", type=click.IntRange(1, 256), help="Processes that decode."),
    click.option("--resume/--no-resume", default=True, help="Go on where it stopped (default)."),
    table_or_json,
)


frozen_option = click.option(
    "--frozen", type=int, default=4, help="First stages that stay as they are (4); -1: all."
)
label_from_option = click.option(
    "--label-from",
    type=click.Choice(["auto", "manifest", "folder", "dicom", "none"]),
    default="auto",
    help="Where labels come from; as of `cbir index`.",
)
members_option = click.option(
    "--members",
    type=click.IntRange(1, 64),
    default=1,
    help="Above 1 a committee: each member leaves out a fold of the patients (1).",
)
network_option = click.option(
    "--network", default="efficientnet-lite0", help="See docs/training.md."
)
segment_option = click.option(
    "--segment", default="", help="A segmenter; the box of its region is what is seen."
)
without_option = click.option(
    "--without", multiple=True, metavar="LABEL", help="Leave a label out."
)


def training_options(command: F) -> F:
    """Adds them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def make_ready(out: Path, resume: bool) -> None:
    """Checks that torch is there; with `resume` False forgets what an earlier run left in `out`.

    Raises `UsageError`.
    """
    missing = [name for name in ("torch", "torchvision", "onnx") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"training needs {', '.join(missing)}, which the base installation has not: "
            "pip install 'cbir[train]'"
        )
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file; a run has a folder of its own")
    if not resume:
        from models.training.checkpoint import Keeper

        Keeper(out, {}).clear()


def begins_with(told: Told) -> str:
    """What to begin with: as asked, else `imagenet` where there are such weights."""
    from models.networks.weights import ORIGINS

    trained = "imagenet" if told["network"] in ORIGINS else "nothing"
    return trained if told["begin"] is None else str(told["begin"])


def tell(told: Told, quiet: bool, report: dict[str, Any], out: Path, spec: Path) -> None:
    """Says where model and report are, or gives the report as JSON."""
    if told["format"] == "json":
        put_object(report)
    elif not quiet:
        say(f"{spec}\n{out / 'report.html'}")


def settings_of(told: Told, defaults: Mapping[str, Any]) -> "TrainingSettings":
    """The training settings that were asked for, over `defaults`. Raises `UsageError`."""
    from models.training.settings import TrainingSettings

    named = {
        name: told[name]
        for name in ("epochs", "batch", "learning_rate", "seed")
        if told[name] is not None
    }
    return TrainingSettings.from_json({**defaults, **named, **pairs("--set", told["more"])})


def augmentation_of(told: Told, defaults: Mapping[str, float]) -> "Augmentation":
    """The augmentation that was asked for, over `defaults`. Raises `UsageError`."""
    from models.training.augment import Augmentation

    return Augmentation.from_json({**defaults, **pairs("--augment", told["augment"])})


def config_of(settings: Settings, segment: str) -> "Config":
    """How films are prepared; `segment` is the segmenter of every modality, "" for the usual."""
    from indexer.config import check_steps

    if not segment:
        return settings.config
    config = replace(settings.config, segment={"": segment, "CT": segment})
    check_steps(config)
    return config


def pairs(option: str, texts: Iterable[str]) -> dict[str, int | float | str]:
    """`NAME=VALUE` texts; a value that is a number becomes one."""
    found: dict[str, int | float | str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(f"{option} has {text!r}; it is written like epochs=20")
        found[name.strip().replace("-", "_")] = _number(value.strip())
    return found


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
