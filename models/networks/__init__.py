"""Networks in torch, for training: what runs afterwards is the ONNX file that is made of them.

A new one is a file here and a line in `TABLE`. Nothing here is imported by `cbir index` or
`cbir query`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from models.table import load as _load

if TYPE_CHECKING:
    from torch import Tensor, nn

TABLE: dict[str, str] = {
    "efficientnet-lite0": "models.networks.efficientnet_lite:lite0",
    "efficientnet-lite0-half": "models.networks.efficientnet_lite:lite0_half",
    "efficientnet-lite1": "models.networks.efficientnet_lite:lite1",
    "efficientnet-lite2": "models.networks.efficientnet_lite:lite2",
    "mobilenetv2": "models.networks.mobilenetv2:MobileNetV2",
    "small": "models.networks.small:SmallNetwork",
}


@dataclass(frozen=True, slots=True)
class Takes:
    """What a network is given: `(x - mean) / std` of RGB values x in 0..255.

    `size`: pixels, high and wide, that it was made for; others work, in steps of 32.
    """

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class Trunk(Protocol):
    """A network from pictures to features, without a classifier; an `nn.Module` besides."""

    takes: Takes
    dim: int

    def stages(self) -> "list[nn.Module]":
        """Its parts from the input to the output, the finest grain at which it can be frozen."""
        ...

    def through(self, x: "Tensor", first: int, last: int) -> "Tensor":
        """What stages `first` to before `last` make of what those before them gave.

        All of them but a fully connected last one, which is part of `pooled`.
        """
        ...

    def levels(self, x: "Tensor") -> "list[Tensor]":
        """What is found at each resolution, the finest first, the feature map last."""
        ...

    def feature_map(self, x: "Tensor") -> "Tensor":
        """What is there before pooling: float32 (n, channels, h, w) from (n, 3, H, W)."""
        ...

    def pooled(self, feature_map: "Tensor") -> "Tensor":
        """The feature, float32 (n, dim), out of the feature map."""
        ...


def trunk(name: str) -> "nn.Module":
    """The network of that name with random weights; see `Trunk`.

    Raises `UsageError` for a name that does not exist.
    """
    network: nn.Module = _load(TABLE, name, "network")()
    return network
