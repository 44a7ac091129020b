"""One trunk for two answers: which findings a picture shows, and where a region lies in it.

The findings are a fully connected layer on the trunk's pooled feature. The mask is drawn by a light
decoder in the way of a feature pyramid (Lin 2017): what the trunk finds at each resolution is
brought to one width, and the coarser is enlarged and joined to the finer.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.networks.small import convolution

WIDTH = 32
"""Channels of the decoder. The masks are of large organs; more did not seem to be needed."""


class JointNetwork(nn.Module):
    """Takes what its trunk takes. Gives logits of findings, and of regions if there are any."""

    def __init__(
        self, trunk: nn.Module, findings: int, regions: int, dropout: float, width: int = WIDTH
    ) -> None:
        """`trunk`: see `models.networks.Trunk`. `regions`: 0 for a network without masks."""
        super().__init__()
        self.trunk = trunk
        self.takes = trunk.takes
        self.dropout = nn.Dropout(dropout)
        dim: int = trunk.dim  # type: ignore[assignment]
        self.findings = nn.Linear(dim, findings)
        self.regions = regions
        if regions:
            channels = _channels(trunk)
            self.narrow = nn.ModuleList(nn.Conv2d(count, width, 1) for count in channels)
            self.join = nn.ModuleList(convolution(width, width) for _ in channels[1:])
            self.answer = nn.Conv2d(width, regions, 1)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Logits of findings, (n, findings), and of regions, (n, regions, H, W), if there are."""
        levels: list[Tensor] = self.trunk.levels(x)  # type: ignore[operator]
        pooled = self.trunk.pooled(levels[-1])  # type: ignore[operator]
        findings: Tensor = self.findings(self.dropout(pooled))
        if not self.regions:
            return findings
        return findings, self._masks(levels, x)

    def _masks(self, levels: list[Tensor], x: Tensor) -> Tensor:
        *finer, coarsest = [
            narrow(level) for narrow, level in zip(self.narrow, levels, strict=True)
        ]
        drawn = coarsest
        for level, join in zip(reversed(finer), reversed(self.join), strict=True):
            larger = functional.interpolate(drawn, size=level.shape[2:], mode="nearest")
            drawn = join(larger + level)
        return functional.interpolate(
            self.answer(drawn), size=x.shape[2:], mode="bilinear", align_corners=False
        )


def _channels(trunk: nn.Module) -> list[int]:
    """How many channels the trunk has at each of its levels."""
    mode = trunk.training
    with torch.no_grad():
        levels = trunk.eval().levels(torch.zeros(1, 3, 64, 64))  # type: ignore[operator]
    trunk.train(mode)
    return [int(level.shape[1]) for level in levels]
