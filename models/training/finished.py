"""A finished training run, opened again: the network with its best weights, in torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import ModelUnusable, UsageError
from models.training import checkpoint
from models.training.checkpoint import Keeper
from models.training.told import SETTINGS, told_of

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run has made. `network`: in evaluation mode. `told`: its `settings.json`."""

    network: "nn.Module"
    told: Mapping[str, Any]


def finished(run: Path) -> Finished:
    """The network that the training run in the folder `run` ended with.

    Raises `ModelUnusable` if there is no such run, if it has not ended, or if its weights are
    damaged or of another architecture than it says.
    """
    told = told_of(run)
    keeper = Keeper(run, told)
    try:
        kept = keeper.load()
    except UsageError as error:  # the state is of a run that was begun otherwise
        raise ModelUnusable(f"the run {run} is of two minds: {error}") from error
    if kept is None or not kept[0].finished:
        raise ModelUnusable(f"the run {run} has not ended; run its `cbir train` again, to the end")
    kind = "unet" if told["network"] == "unet" else str(told.get("task", "classifier"))
    try:
        network = _BUILT[kind](told)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelUnusable(f"{run / SETTINGS} does not say what its network is") from error
    checkpoint.fill(network, keeper.best())
    return Finished(network.eval(), told)


def _classifier(told: Mapping[str, Any]) -> "nn.Module":
    from models.networks import trunk
    from models.networks.committee import Committee
    from models.training.classify import Classifier

    classes, dropout = len(told["classes"]), told["settings"]["dropout"]
    members = int(told.get("members", 1))
    if members > 1:
        return Committee(trunk(told["network"]), told["shared"], members, classes, dropout)
    return Classifier(trunk(told["network"]), classes, dropout)


def _metric(told: Mapping[str, Any]) -> "nn.Module":
    from models.networks import trunk
    from models.training.metric import network_of
    from models.training.metric_losses import Recipe

    form = (int(told["members"]), int(told["shared"]))
    recipe, dropout = Recipe(**told["recipe"]), told["settings"]["dropout"]
    return network_of(trunk(told["network"]), recipe, dropout, form, len(told["classes"]))


def _unet(told: Mapping[str, Any]) -> "nn.Module":
    from models.networks.unet import UNet

    return UNet(1, int(told["width"]), int(told["size"]))


_BUILT: "Mapping[str, Callable[[Mapping[str, Any]], nn.Module]]" = {
    "classifier": _classifier,
    "metric": _metric,
    "unet": _unet,
}
