"""Weights of half precision: half the file, the same answers to three digits."""

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


def test_half_the_file_and_the_same_answers(tmp_path: Path) -> None:
    import torch
    from onnxruntime import InferenceSession

    from models.compress.halve import halved
    from models.networks.unet import UNet
    from models.runtime.onnx_file import parameters
    from models.training.export import export_fp32

    torch.manual_seed(0)
    network = UNet(1, 16, 64)
    with torch.no_grad():
        network.get_parameter("down.0.0.0.weight")[0, 0, 0, 0] = 1e6
    path = tmp_path / "fp32.onnx"
    export_fp32(network.eval(), (1, 64, 64), path)
    before = path.read_bytes()
    after = halved(before)
    assert 0.49 < len(after) / len(before) < 0.52
    assert parameters(after) == parameters(before) == 1_224_017  # biases are all zero
    pictures = np.random.default_rng(0).normal(0, 1, (2, 1, 64, 64)).astype(np.float32)
    wanted, found = (
        InferenceSession(content, providers=["CPUExecutionProvider"]).run(None, {"image": pictures})
        for content in (before, after)
    )
    assert np.isfinite(found[0]).all()
    np.testing.assert_allclose(found[0], wanted[0], rtol=1e-2, atol=2e-3 * np.abs(wanted[0]).max())


def test_what_fp16_cannot_hold_stays_fp32(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    from models.compress.halve import halved

    def tensor(name: str, largest: float) -> onnx.TensorProto:
        return onnx.numpy_helper.from_array(np.full((64, 64), largest, np.float32), name)

    nodes = [
        helper.make_node("MatMul", ["image", "small"], ["a"], "one"),
        helper.make_node("MatMul", ["a", "large"], ["b"], "two"),
    ]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 64]) for n in ("image", "b")]
    graph = helper.make_graph(
        nodes, "net", values[:1], values[1:], [tensor("small", 65504.0), tensor("large", 65520.0)]
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    found = onnx.load_from_string(halved(made.SerializeToString())).graph.initializer
    assert {t.name: t.data_type for t in found} == {
        "large": TensorProto.FLOAT,
        "small_fp16": TensorProto.FLOAT16,
    }
