"""A small convolutional network, to read and to learn from, and for small pictures.

Three times: convolve twice and halve the picture by pooling. Then the mean of what was found, and
a fully connected layer. About 170,000 parameters; it is trained from nothing.
"""

import itertools

from torch import Tensor, nn

from models.networks import Takes


def convolution(before: int, after: int) -> nn.Sequential:
    """3 x 3 convolution, normalisation over the batch, rectifier: (n, before, H, W) to `after`."""
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(inplace=True),
    )


class SmallNetwork(nn.Module):
    """Takes (x - 128) / 64 of RGB 0..255, float32 (n, 3, H, W), H and W at least 8.

    Gives float32 (n, 128).
    """

    dim = 128

    def __init__(self, width: int = 24) -> None:
        """`width`: channels of the first layer; each halving of the picture doubles them."""
        super().__init__()
        self.takes = Takes(64, (128.0, 128.0, 128.0), (64.0, 64.0, 64.0))
        channels = [3, width, 2 * width, 4 * width]
        self.blocks = nn.ModuleList(
            nn.Sequential(convolution(before, after), convolution(after, after), nn.MaxPool2d(2))
            for before, after in itertools.pairwise(channels)
        )
        self.connected = nn.Sequential(nn.Linear(4 * width, self.dim), nn.ReLU())

    def stages(self) -> list[nn.Module]:
        """The three blocks and the connected layer."""
        return [*self.blocks, self.connected]

    def levels(self, x: Tensor) -> list[Tensor]:
        """What each block finds, at H / 2, H / 4 and H / 8."""
        found = []
        for block in self.blocks:
            x = block(x)
            found.append(x)
        return found

    def through(self, x: Tensor, first: int, last: int) -> Tensor:
        """What blocks `first` to before `last` make of what those before them gave."""
        for block in self.blocks[first:last]:
            x = block(x)
        return x

    def feature_map(self, x: Tensor) -> Tensor:
        """What the last block finds: float32 (n, 4 * width, H / 8, W / 8)."""
        return self.levels(x)[-1]

    def pooled(self, feature_map: Tensor) -> Tensor:
        """Its mean over the picture and the connected layer, float32 (n, 128)."""
        found: Tensor = self.connected(feature_map.mean((2, 3)))
        return found

    def forward(self, x: Tensor) -> Tensor:
        """The feature, float32 (n, 128)."""
        return self.pooled(self.feature_map(x))
