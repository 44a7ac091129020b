"""Which layers int8 spares: those that would cost most, and no more than are worth it."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.mark.parametrize(
    ("weighed", "found"),
    [
        ([0.01] * 16, []),
        ([0.5] + [0.01] * 15, [0]),
        ([0.01] * 14 + [0.3, 0.5], [15, 14]),
        ([0.06] * 3 + [0.0] * 13, []),
        ([0.07] * 3 + [0.0] * 13, [0]),
        ([1.0] * 16, [0, 1, 2, 3]),  # a quarter at most
    ],
)
def test_the_dearest_until_what_is_left_is_small(weighed: list[float], found: list[int]) -> None:
    from models.compress.spare import dearest

    assert dearest(weighed) == found


@pytest.mark.slow
def test_a_layer_with_channels_of_very_different_range_is_spared(tmp_path: Path) -> None:
    """One channel is a thousand times the others; the next layer reads it a thousand times less.

    In 8 bits for all of them the others are zero. In fp32 nothing is different.
    """
    import onnx
    import torch
    from torch import nn

    from models.compress.quantise import quantise
    from models.compress.spare import _answers, _apart, costs, layers_of, spared
    from models.training.export import export_fp32

    torch.manual_seed(0)
    layers = [nn.Conv2d(3 if n == 0 else 16, 16, 3, padding=1) for n in range(8)]
    network = nn.Sequential(
        *(part for layer in layers for part in (layer, nn.ReLU())),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 4)),
    )
    with torch.no_grad():
        network.get_parameter("2.weight")[0] *= 1000
        network.get_parameter("2.bias")[0] *= 1000
        network.get_parameter("4.weight")[:, 0] /= 1000
    path = tmp_path / "fp32.onnx"
    export_fp32(network.eval(), (3, 32, 32), path)
    rng = np.random.default_rng(0)
    pictures = np.repeat(np.repeat(rng.normal(size=(16, 3, 4, 4)), 8, 2), 8, 3).astype(np.float32)
    found = layers_of(onnx.load(path))
    assert len(found) == 8 and all(len(layer.nodes) == 2 for layer in found)
    weighed = costs(path, found, pictures, lambda *_: None)
    assert sorted(np.argsort(weighed)[-2:].tolist()) == [1, 2]  # that makes it, and that reads it
    chosen = spared(path, pictures, lambda *_: None)
    assert set(chosen) == {*found[1].nodes, *found[2].nodes}
    told = _answers(path, pictures)
    lost = []
    for left in ([], chosen):
        quantise(path, tmp_path / "int8.onnx", pictures, spared=left)
        lost.append(_apart(told, _answers(tmp_path / "int8.onnx", pictures)))
    assert lost[1] < 0.5 * lost[0]
