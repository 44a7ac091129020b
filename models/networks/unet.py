"""U-Net (Ronneberger 2015), made light enough for a CPU, for masks of large organs.

It works at half the picture's resolution: 2 x 2 pixels become four channels at the input, and the
answer is enlarged at the output, which saves three quarters of the time.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.networks import Takes
from models.networks.small import convolution


class UNet(nn.Module):
    """Takes (x - 128) / 64 of a grey picture 0..255, float32 (n, 1, H, W), multiples of 32.

    Gives logits, float32 (n, regions, H, W).
    """

    def __init__(self, regions: int = 1, width: int = 16, size: int = 256) -> None:
        """Random weights. `width`: channels at the finest level. `size`: what it is trained at."""
        super().__init__()
        self.takes = Takes(size, (128.0, 128.0, 128.0), (64.0, 64.0, 64.0))
        channels = [4, width, 2 * width, 4 * width, 8 * width, 8 * width]
        self.down = nn.ModuleList(_twice(*pair) for pair in pairwise(channels))
        self.up = nn.ModuleList(_twice(deep + fine, fine) for fine, deep in pairwise(channels[1:]))
        self.answer = nn.Conv2d(width, regions, kernel_size=1)

    def deep(self, x: Tensor) -> list[Tensor]:
        """What the way down finds at each level, the finest first."""
        found: list[Tensor] = []
        level = functional.pixel_unshuffle(x, 2)
        for number, block in enumerate(self.down):
            level = block(level if number == 0 else functional.max_pool2d(level, 2))
            found.append(level)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """The logits of each region."""
        *finer, level = self.deep(x)
        for fine, block in zip(reversed(finer), reversed(self.up), strict=True):
            larger = functional.interpolate(level, scale_factor=2.0, mode="nearest")
            level = block(torch.cat([larger, fine], 1))
        return functional.interpolate(
            self.answer(level), scale_factor=2.0, mode="bilinear", align_corners=False
        )


def _twice(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(convolution(before, after), convolution(after, after))
