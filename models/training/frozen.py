"""The frozen beginning of a network, run by OpenVINO: three to five times as fast as torch.

What does not learn needs no gradient, and its layers have the largest maps; so most of a step's
time would go into what stays as it is.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

Beginning = Callable[[Tensor], Tensor]


class _Stages(nn.Module):
    def __init__(self, trunk: nn.Module, count: int) -> None:
        super().__init__()
        self.trunk, self.count = trunk, count

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.trunk.through(x, 0, self.count)  # type: ignore[operator]
        return found


def beginning(trunk: nn.Module, count: int, size: int) -> Beginning:
    """The first `count` stages, which have to be frozen, of a trunk (`models.networks.Trunk`).

    `size`: pixels of the pictures. What is given takes float32 (n, 3, size, size) of any n and
    gives what the stages find, without a gradient. On a GPU, and of no stages, torch does it.
    """
    if count == 0:
        return lambda x: x
    if torch.cuda.is_available():
        return _by_torch(trunk, count)
    return _by_openvino(trunk, count, size)


def _by_torch(trunk: nn.Module, count: int) -> Beginning:
    def run(x: Tensor) -> Tensor:
        with torch.no_grad():
            found: Tensor = trunk.through(x, 0, count)  # type: ignore[operator]
        return found

    return run


def _by_openvino(trunk: nn.Module, count: int, size: int) -> Beginning:
    from models.runtime.network import openvino
    from models.training.export import export_fp32

    mode = trunk.training
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "beginning.onnx"
        export_fp32(_Stages(trunk, count).eval(), (3, size, size), path)
        onnx = path.read_bytes()
    trunk.train(mode)
    core: Any = openvino().Core()
    settings = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "INFERENCE_PRECISION_HINT": "f32",
    }
    compiled = core.compile_model(core.read_model(onnx), "CPU", settings)

    def run(x: Tensor) -> Tensor:
        found = compiled(x.detach().contiguous().numpy())[0]
        return torch.from_numpy(found.copy()).contiguous(memory_format=torch.channels_last)

    return run
