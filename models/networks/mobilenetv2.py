"""MobileNetV2 (Sandler 2018) as torchvision defines it, up to the pooled feature."""

from torch import Tensor, nn

from models.networks import Takes


class MobileNetV2(nn.Module):
    """Takes RGB normalised by ImageNet's mean and deviation, float32 (n, 3, H, W).

    Gives the pooled feature, float32 (n, 1280).
    """

    dim = 1280

    def __init__(self) -> None:
        """Random weights."""
        super().__init__()
        from torchvision.models import mobilenet_v2

        self.takes = Takes(224, (123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
        self.features = mobilenet_v2(weights=None).features

    def stages(self) -> list[nn.Module]:
        """Its 19 parts, the first and the last of them convolutions."""
        return list(self.features)

    def levels(self, x: Tensor) -> list[Tensor]:
        """The last of each resolution from H / 2 to H / 16, and the feature map."""
        first, *parts = self.features
        level: Tensor = first(x)
        found = []
        for part in parts:
            after = part(level)
            if after.shape[-1] < level.shape[-1]:
                found.append(level)
            level = after
        return [*found, level]

    def through(self, x: Tensor, first: int, last: int) -> Tensor:
        """What stages `first` to before `last` make of what those before them gave."""
        for part in self.features[first:last]:
            x = part(x)
        return x

    def feature_map(self, x: Tensor) -> Tensor:
        """Before pooling: float32 (n, 1280, H / 32, W / 32)."""
        found: Tensor = self.features(x)
        return found

    def pooled(self, feature_map: Tensor) -> Tensor:
        """Its mean over the picture, float32 (n, 1280)."""
        return feature_map.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """The pooled feature, float32 (n, 1280)."""
        return self.pooled(self.feature_map(x))
