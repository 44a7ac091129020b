"""A trained network as an ONNX file, checked against torch."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from models.arrays import FloatImage
from models.errors import ModelUnusable

OPSET = 18
FP32_TOLERANCE = 1e-4


def export_fp32(
    network: nn.Module,
    shape: tuple[int, int, int],
    target: Path,
    outputs: Sequence[str] = ("embedding",),
) -> None:
    """Writes the network as ONNX, any number of pictures at once, batch normalisation folded in.

    `network`: in evaluation mode; gives one tensor, or as many as there are names in `outputs`.
    `shape`: channels, height and width of a picture.
    """
    from models.runtime.onnx_file import strip

    torch.onnx.export(
        network,
        (torch.zeros(2, *shape),),
        target,
        input_names=["image"],
        output_names=list(outputs),
        dynamic_shapes=({0: "batch"},),
        opset_version=OPSET,
        external_data=False,
        dynamo=True,
        verbose=False,  # it would print to stdout, where data goes
    )
    strip(target)


def exported(network: nn.Module, pictures: FloatImage, outputs: Sequence[str]) -> bytes:
    """The content of the network's ONNX file; arguments as of the functions here.

    Raises `ModelUnusable` if it gives something else for `pictures` than torch does.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fp32.onnx"
        channels, height, width = pictures.shape[1:]
        export_fp32(network, (channels, height, width), path, outputs)
        content = path.read_bytes()
    differences = fp32_difference(network, content, pictures)
    if max(differences.values()) > FP32_TOLERANCE:
        raise ModelUnusable(f"the ONNX file differs from torch: {json.dumps(differences)}")
    return content


def fp32_difference(
    network: nn.Module, onnx_file: Path | bytes, pictures: FloatImage
) -> dict[str, float]:
    """Largest difference of each of ONNX Runtime's outputs to torch's.

    `onnx_file`: its path or its content. `pictures`: float32 (n, channels, H, W), normalised.
    Relative to the length of torch's answer for that picture.
    """
    from onnxruntime import InferenceSession

    session = InferenceSession(onnx_file, providers=["CPUExecutionProvider"])
    (taken,) = (one.name for one in session.get_inputs())
    names = [output.name for output in session.get_outputs()]
    with torch.inference_mode():
        told = network(torch.from_numpy(pictures))
    wanted = [told] if isinstance(told, torch.Tensor) else list(told)
    differences = {}
    for name, found, tensor in zip(
        names, session.run(None, {taken: pictures}), wanted, strict=True
    ):
        truth = tensor.numpy().reshape(len(pictures), -1)
        lengths = np.maximum(np.linalg.norm(truth, axis=1, keepdims=True), 1e-12)
        differences[name] = float(np.abs((found.reshape(truth.shape) - truth) / lengths).max())
    return differences
