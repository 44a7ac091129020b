"""Which channels of a network can be taken out together, and taking them out.

A channel is made by a convolution, normalised, perhaps changed by a depthwise convolution, and read
by the next layers. Without it the weights of all of them that belong to it are gone; the network
gives exactly what it gave if the channel was zero. What is added to something else (the ends of
residual blocks) and the embedding stay whole, so nothing outside has to change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from models.errors import UsageError
from models.heads.leave_out import Indices


@dataclass(frozen=True, slots=True)
class Reads:
    """A layer that reads a group's channels, the first of them as its input number `first`."""

    layer: str
    first: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Channels that one convolution makes; all names are those of the network's modules.

    `norm`: the last normalisation before they are read, `norms`: all of them. `depthwise`: of the
    convolutions that change each channel by itself.
    """

    made_by: str
    norms: tuple[str, ...]
    read_by: tuple[Reads, ...]
    depthwise: tuple[str, ...] = ()


def groups_of(network: nn.Module, kind: str, prefix: str = "") -> list[Group]:
    """The groups of a network of that kind, the module `prefix` of a larger one.

    Raises `UsageError` if it is not known how channels run through such a network.
    """
    return known_groups(kind)(network, prefix)


def known_groups(kind: str) -> Callable[[nn.Module, str], list[Group]]:
    """What finds the groups of networks of that kind. Raises `UsageError` if nothing does."""
    if kind not in KINDS:
        raise UsageError(
            f"pruning does not know the network {kind!r}; it knows: {', '.join(sorted(KINDS))}"
        )
    return KINDS[kind]


def _lite(network: nn.Module, prefix: str) -> list[Group]:
    """EfficientNet-Lite: the expanded channels of each block."""
    found = []
    for name, module in network.named_modules():
        if getattr(module, "expands", False):
            block = f"{prefix}{name}"
            found.append(
                Group(
                    made_by=f"{block}._expand_conv",
                    norms=(f"{block}._bn0", f"{block}._bn1"),
                    read_by=(Reads(f"{block}._project_conv"),),
                    depthwise=(f"{block}._depthwise_conv",),
                )
            )
    return found


def _mobilenet(network: nn.Module, prefix: str) -> list[Group]:
    """MobileNetV2: the same, by torchvision's names: expand, depthwise, project, normalise."""
    found = []
    for name, module in network.named_modules():
        inner = getattr(module, "conv", None)
        if isinstance(inner, nn.Sequential) and len(inner) == 4:
            block = f"{prefix}{name}.conv"
            found.append(
                Group(
                    made_by=f"{block}.0.0",
                    norms=(f"{block}.0.1", f"{block}.1.1"),
                    read_by=(Reads(f"{block}.2"),),
                    depthwise=(f"{block}.1.0",),
                )
            )
    return found


def _small(network: nn.Module, prefix: str) -> list[Group]:
    """The small network: what each convolution makes, read by the next one or by the last layer."""
    blocks: nn.ModuleList = network.blocks  # type: ignore[assignment]
    pairs = [f"{prefix}blocks.{block}.{half}" for block in range(len(blocks)) for half in (0, 1)]
    readers = [*(f"{pair}.0" for pair in pairs[1:]), f"{prefix}connected.0"]
    return [
        Group(f"{pair}.0", (f"{pair}.1",), (Reads(reader),))
        for pair, reader in zip(pairs, readers, strict=True)
    ]


def _unet(network: nn.Module, prefix: str) -> list[Group]:
    """U-Net: at each level what its first convolution makes, and what its second one does.

    The latter is read one level below, and on the way up behind the channels from below.
    """
    down: nn.ModuleList = network.down  # type: ignore[assignment]
    depth = len(down)
    found = []
    for way, count in (("down", depth), ("up", depth - 1)):
        for level in range(count):
            first, second = (f"{prefix}{way}.{level}.{half}" for half in (0, 1))
            found.append(Group(f"{first}.0", (f"{first}.1",), (Reads(f"{second}.0"),)))
            readers = _readers(network, way, level, depth, prefix)
            found.append(Group(f"{second}.0", (f"{second}.1",), readers))
    return found


def _readers(
    network: nn.Module, way: str, level: int, depth: int, prefix: str
) -> tuple[Reads, ...]:
    if way == "up":
        reader = f"{prefix}up.{level - 1}.0.0" if level else f"{prefix}answer"
        return (Reads(reader),)
    if level == depth - 1:
        return (Reads(f"{prefix}up.{level - 1}.0.0"),)
    joined = weight_of(network, f"up.{level}.0.0").shape[1]
    own = len(weight_of(network, f"down.{level}.1.0"))
    return (
        Reads(f"{prefix}down.{level + 1}.0.0"),
        Reads(f"{prefix}up.{level}.0.0", joined - own),
    )


KINDS: Mapping[str, Callable[[nn.Module, str], list[Group]]] = MappingProxyType(
    {
        "efficientnet-lite0": _lite,
        "efficientnet-lite0-half": _lite,
        "efficientnet-lite1": _lite,
        "efficientnet-lite2": _lite,
        "mobilenetv2": _mobilenet,
        "small": _small,
        "unet": _unet,
    }
)


def cut(network: nn.Module, kept: Sequence[tuple[Group, Indices]]) -> None:
    """Takes all channels but the kept ones out of a network, for good.

    `kept`: for each group the numbers, rising, of the channels that stay.
    """
    inputs: dict[str, Tensor] = {}
    for group, numbers in kept:
        stays = torch.zeros(len(weight_of(network, group.made_by)), dtype=torch.bool)
        stays[torch.from_numpy(numbers)] = True
        for reads in group.read_by:
            wide = weight_of(network, reads.layer).shape[1]
            mask = inputs.setdefault(reads.layer, torch.ones(wide, dtype=torch.bool))
            mask[reads.first : reads.first + len(stays)] = stays
    for group, numbers in kept:
        chosen = torch.from_numpy(numbers)
        for name in (group.made_by, *group.depthwise, *group.norms):
            _keep_outputs(network.get_submodule(name), chosen)
    for name, mask in inputs.items():
        _keep_inputs(network.get_submodule(name), mask)


def weight_of(network: nn.Module, layer: str) -> Tensor:
    """The weights of the layer of that name, (outputs, inputs, ...), without their gradient."""
    return network.get_parameter(f"{layer}.weight").detach()


def _keep_outputs(layer: nn.Module, chosen: Tensor) -> None:
    for name in ("weight", "bias", "running_mean", "running_var"):
        value = getattr(layer, name, None)
        if isinstance(value, nn.Parameter):
            setattr(layer, name, nn.Parameter(value.detach()[chosen].clone()))
        elif isinstance(value, Tensor):
            setattr(layer, name, value[chosen].clone())
    if isinstance(layer, nn.BatchNorm2d):
        layer.num_features = len(chosen)
    elif isinstance(layer, nn.Conv2d):
        layer.out_channels = len(chosen)
        if layer.groups > 1:  # depthwise: what goes in is what comes out
            layer.in_channels = layer.groups = len(chosen)


def _keep_inputs(layer: nn.Module, mask: Tensor) -> None:
    weight: Tensor = layer.weight  # type: ignore[assignment]
    layer.weight = nn.Parameter(weight.detach()[:, mask].clone())
    if isinstance(layer, nn.Conv2d):
        layer.in_channels = int(mask.sum())
    elif isinstance(layer, nn.Linear):
        layer.in_features = int(mask.sum())
