"""The trunk that a training run begins with, and where its weights are from."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def trunk_for(name: str, pretrained: bool, frozen: int, seed: int) -> "nn.Module":
    """The network of that name, the same for the same seed; see `models.networks.Trunk`.

    `frozen`: how many of its first stages stay as they are; -1 for all of them. Raises `UsageError`
    for a name that does not exist.
    """
    import torch

    from models.networks import trunk
    from models.networks.weights import pretrained as with_weights
    from models.training.optimise import freeze

    torch.manual_seed(seed)
    network = with_weights(name) if pretrained else trunk(name)
    stages = network.stages()  # type: ignore[operator]
    freeze(network, len(stages) if frozen < 0 else frozen)
    return network


def origin_of(name: str, pretrained: bool) -> tuple[str, str]:
    """What it was trained from, in words, and the licence of what comes of it."""
    from models.networks.weights import ORIGINS

    origin = ORIGINS.get(name) if pretrained else None
    if origin is None:
        return "from random weights", "as the films it was trained on"
    return f"from {origin.package} {origin.version}", origin.licence
