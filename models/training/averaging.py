"""The running mean of the weights (Polyak 1992): better than the last ones, and steadier."""

import copy

import torch
from torch import nn


class Averaged:
    """Keeps a copy of a network that follows it slowly."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        """`decay` a step: 0 for the network itself as it is."""
        self._decay = decay
        self.network = copy.deepcopy(network).requires_grad_(False)

    @torch.no_grad()
    def follow(self, network: nn.Module, step: int) -> None:
        """Moves towards `network`; quickly in the first steps, when it is still far from good."""
        decay = min(self._decay, (1 + step) / (10 + step))
        ours, theirs = self.network.state_dict(), network.state_dict()
        for name, value in ours.items():
            if value.dtype.is_floating_point:
                value.lerp_(theirs[name], 1 - decay)
            else:
                value.copy_(theirs[name])
