"""The networks: what goes in, what comes out, and the names by which weights are given."""

from importlib.util import find_spec

import pytest

from models.networks import TABLE, trunk

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
]


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("efficientnet-lite0", 3.37),
        ("efficientnet-lite1", 4.14),
        ("efficientnet-lite2", 4.81),
        ("mobilenetv2", 2.22),
        ("small", 0.174),
    ],
)
def test_features_of_a_picture(name: str, millions: float) -> None:
    import torch

    network = trunk(name).eval()
    with torch.inference_mode():
        found = network(torch.zeros(2, 3, 64, 64))
        places = network.feature_map(torch.zeros(2, 3, 64, 64))  # type: ignore[operator]
    assert found.shape == (2, network.dim)
    assert places.shape[0] == 2 and places.shape[2:] == ((8, 8) if name == "small" else (2, 2))
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)
    of_stages = {
        id(p)
        for stage in network.stages()  # type: ignore[operator]
        for p in stage.parameters()
    }
    assert of_stages == {id(p) for p in network.parameters()}


def test_every_network_of_the_table_is_tried_above() -> None:
    assert len(TABLE) == 5


def test_a_u_net_gives_a_mask_of_the_picture_s_size() -> None:
    import torch

    from models.networks.unet import UNet

    network = UNet(regions=2, width=8).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 96, 64)).shape == (1, 2, 96, 64)
