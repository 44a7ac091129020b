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
        ("efficientnet-lite0-half", 1.02),
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


@pytest.mark.parametrize("name", sorted(TABLE))
def test_any_stage_can_be_gone_on_from(name: str) -> None:
    import torch

    network = trunk(name).eval()
    picture = torch.rand(1, 3, 64, 64)
    last = len(network.stages())  # type: ignore[operator]
    with torch.inference_mode():
        whole = network.feature_map(picture)  # type: ignore[operator]
        for stage in range(last + 1):
            begun = network.through(picture, 0, stage)  # type: ignore[operator]
            assert torch.equal(network.through(begun, stage, last), whole)  # type: ignore[operator]


def test_every_network_of_the_table_is_tried_above() -> None:
    assert len(TABLE) == 6


def test_a_u_net_gives_a_mask_of_the_picture_s_size() -> None:
    import torch

    from models.networks.unet import UNet

    network = UNet(regions=2, width=8).eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 96, 64)).shape == (1, 2, 96, 64)


@pytest.mark.parametrize(
    ("name", "count"), [("small", 3), ("mobilenetv2", 5), ("efficientnet-lite0", 5)]
)
def test_levels_become_finer_and_end_with_the_feature_map(name: str, count: int) -> None:
    import torch

    network = trunk(name).eval()
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        levels = network.levels(picture)  # type: ignore[operator]
        places = network.feature_map(picture)  # type: ignore[operator]
        pooled = network.pooled(levels[-1])  # type: ignore[operator]
        assert torch.equal(pooled, network(picture))
    assert [level.shape[2] for level in levels] == [64 >> at for at in range(1, count + 1)]
    assert torch.equal(levels[-1], places)


def test_a_joint_network_gives_findings_and_masks() -> None:
    import torch

    from models.networks.joint import JointNetwork

    picture = torch.zeros(2, 3, 96, 64)
    both = JointNetwork(trunk("small"), findings=5, regions=1, dropout=0.1).eval()
    alone = JointNetwork(trunk("small"), findings=5, regions=0, dropout=0.1).eval()
    with torch.inference_mode():
        findings, masks = both(picture)
        assert findings.shape == (2, 5) and masks.shape == (2, 1, 96, 64)
        assert alone(picture).shape == (2, 5)
