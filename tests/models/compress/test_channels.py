"""Pruning is exact: a network without channels gives what it gave with those channels zeroed."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

    from models.compress.channels import Group

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


def network_of(kind: str) -> "tuple[nn.Module, str, tuple[int, int, int, int]]":
    """A network with normalisation as if trained, its kind, and the shape of its pictures."""
    import torch

    from models.networks import trunk
    from models.networks.unet import UNet
    from models.training.classify import Classifier

    torch.manual_seed(0)
    made = UNet(1, 16, 64) if kind == "unet" else Classifier(trunk(kind), 3, 0.0)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0.2, 0.3)
            module.running_mean.normal_(0, 0.1)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 1.5)  # type: ignore[union-attr]
    shape = (2, 1, 64, 64) if kind == "unet" else (2, 3, 64, 64)
    return made.eval(), kind, shape


def groups(network: "nn.Module", kind: str) -> "list[Group]":
    from models.compress.channels import groups_of

    trunk = getattr(network, "trunk", None)
    return groups_of(trunk or network, kind, "trunk." if trunk else "")


def scale_and_shift(network: "nn.Module", group: "Group") -> "tuple[Tensor, Tensor]":
    """Of the normalisation after which the group's channels are read."""
    norm = group.norms[-1]
    return network.get_parameter(f"{norm}.weight"), network.get_parameter(f"{norm}.bias")


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        ("small", 6),
        ("unet", 18),
        ("efficientnet-lite0", 15),
        ("efficientnet-lite0-half", 15),
        ("mobilenetv2", 16),
    ],
)
def test_without_channels_it_gives_what_it_gave_with_them_zeroed(kind: str, count: int) -> None:
    import torch

    from models.compress.channels import cut

    network, _, shape = network_of(kind)
    found = groups(network, kind)
    assert len(found) == count
    rng = np.random.default_rng(0)
    kept = []
    for group in found:
        weight, bias = scale_and_shift(network, group)
        channels = len(weight)
        stays = np.sort(rng.permutation(channels)[: channels // 2])
        kept.append((group, stays))
        gone = np.setdiff1d(np.arange(channels), stays)
        with torch.no_grad():  # what is normalised to zero stays zero in the rectifier
            weight[gone] = 0.0
            bias[gone] = 0.0
    pictures = torch.randn(shape)
    with torch.inference_mode():
        wanted = network(pictures)
    size = sum(parameter.numel() for parameter in network.parameters())
    cut(network, kept)
    with torch.inference_mode():
        given = network(pictures)
    assert sum(parameter.numel() for parameter in network.parameters()) < 0.75 * size
    wanted, given = (told if isinstance(told, tuple) else (told,) for told in (wanted, given))
    for one, other in zip(wanted, given, strict=True):
        assert float(one.abs().max()) > 0.01
        np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=1e-4, atol=1e-5)


def test_the_strongest_stay() -> None:
    """Channel 3 is normalised to zero, channel 5 read by zeros, channel 9 reaches nobody."""
    import torch

    from models.compress.strength import strengths, strongest

    network, kind, _ = network_of("small")
    group = groups(network, kind)[0]
    weight, bias = scale_and_shift(network, group)
    reader = network.get_parameter(f"{group.read_by[0].layer}.weight")
    with torch.no_grad():
        weight[3], bias[3] = 0.0, 0.0
        weight[9], bias[9] = 1.0, -20.0
        reader[:, 5] = 0.0
    found = strengths(network, group)
    assert found[[3, 5, 9]] == pytest.approx([0, 0, 0], abs=1e-6)
    assert np.delete(found, [3, 5, 9]).min() > 0.01
    stays = strongest(network, group, 0.66)
    assert len(stays) == 16 and (np.diff(stays) > 0).all()
    assert not set(stays.tolist()) & {3, 5, 9}


def test_what_a_rectifier_leaves_of_a_gaussian() -> None:
    """With mean 0 and deviation 1 it is 1 / sqrt(2 pi); read by weights of length 5."""
    import torch

    from models.compress.strength import strengths

    network, kind, _ = network_of("small")
    group = groups(network, kind)[0]
    weight, bias = scale_and_shift(network, group)
    reader = network.get_parameter(f"{group.read_by[0].layer}.weight")
    with torch.no_grad():
        weight[0], bias[0] = 1.0, 0.0
        reader[:, 0] = 0.0
        reader[0, 0, 0, 0], reader[1, 0, 0, 0] = 3.0, -4.0
    assert strengths(network, group)[0] == pytest.approx(5 * 0.3989423, rel=1e-5)


@pytest.mark.parametrize(("keep", "count"), [(0.5, 16), (0.1, 8), (0.99, 24), (0.3, 8), (0.8, 16)])
def test_channels_are_kept_in_eights(keep: float, count: int) -> None:
    from models.compress.strength import strongest

    network, kind, _ = network_of("small")  # 24 channels in its first block
    assert len(strongest(network, groups(network, kind)[0], keep)) == count


def test_a_network_that_is_not_known_is_refused() -> None:
    from models.compress.channels import groups_of

    with pytest.raises(UsageError, match="pruning does not know the network 'vit'; it knows: eff"):
        groups_of(network_of("small")[0], "vit")
