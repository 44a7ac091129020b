"""Static int8 quantisation of an ONNX file, in the form that runs fast on any x86 CPU.

Three choices matter; cosine of the int8 to the fp32 embedding says how much (docs/encoders.md):

- Nothing is quantised between a convolution and its ReLU or ReLU6, so that the range begins at 0
  and one step does both. Quantising there as well is what ONNX Runtime does unless told that these
  are quantised.
- Weights have 7 bits. CPUs without VNNI add pairs of 8-bit products in 16 bits, which overflows,
  without a word, with the full 8. (U-Net on such a CPU, lungs: 8 bits lose .0024 of Dice, 7 bits
  .00001.)
- What may be negative (the picture, linear bottlenecks, sums) is signed with zero in the middle,
  what follows a rectifier unsigned from zero: no zero point to correct for at run time.

Pooling, enlarging and joining of feature maps are not in the list: OpenVINO runs them in int8
between quantised layers by itself. What gives the logits stays fp32: it is a thousandth of the work
and where rounding would be seen.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from models.arrays import ByteImage, FloatImage

LAYERS = ("Conv", "ConvTranspose", "Gemm")
RECTIFIERS = ("Clip", "Relu")
MOVED = ("Identity", "MaxPool", "Pad", "Reshape", "Resize", "Transpose")
"""Operators that give the numbers that they are given, at other places."""
QUANTISED = (*LAYERS, "Add", *RECTIFIERS)
_PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""Tells ONNX Runtime that the network is ready; it would advise to make it so on every run."""


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Feeds normalised pictures, one by one, to the calibration."""

    def __init__(self, pictures: FloatImage, name: str) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter([{name: p[None]} for p in pictures])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


def normalise(pictures: ByteImage, mean: tuple[float, ...], std: tuple[float, ...]) -> FloatImage:
    """What the network itself takes: float32 (n, channels, H, W) from uint8 (n, H, W, channels)."""
    scaled = (pictures.astype(np.float32) - np.array(mean, np.float32)) / np.array(std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def quantise(
    source: Path,
    target: Path,
    pictures: FloatImage,
    only: Sequence[str] = (),
    spared: Sequence[str] = (),
) -> None:
    """Writes the int8 (QDQ) form of the fp32 ONNX file `source` to `target`.

    `pictures`: float32 (n, ...), as the network takes them, from which the ranges are taken.
    `only`: names of the nodes that are quantised; none: all but `spared`.
    """
    network = folded(onnx.load(source))
    onnx.helper.set_model_props(network, _PREPARED)
    quantize_static(
        network,
        target,
        _Pictures(pictures, network.graph.input[0].name),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        calibrate_method=CalibrationMethod.MinMax,
        op_types_to_quantize=list(QUANTISED),
        nodes_to_quantize=list(only),
        nodes_to_exclude=[*last_layers(network), *spared],
        extra_options={"TensorQuantOverrides": _signed(network)},
    )


def folded(network: Any) -> Any:
    """The network with batch normalisation as part of the convolutions before it.

    What is trained here is exported so; a file from elsewhere may not be.
    """
    if all(node.op_type != "BatchNormalization" for node in network.graph.node):
        return network
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "folded.onnx"
        options = SessionOptions()
        options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        InferenceSession(network.SerializeToString(), options, ["CPUExecutionProvider"])
        return onnx.load(path)


def _signed(network: Any) -> dict[str, list[dict[str, Any]]]:
    """The settings of all tensors that may be negative, by name."""
    rectified = {node.input[0] for node in network.graph.node if node.op_type in RECTIFIERS}
    names = {network.graph.input[0].name}
    for node in network.graph.node:
        sums = node.op_type in (*LAYERS, "Add") and node.output[0] not in rectified
        if sums or (node.op_type in MOVED and node.input[0] in names):
            names.add(node.output[0])
    return {name: [{"quant_type": QuantType.QInt8, "symmetric": True}] for name in sorted(names)}


def last_layers(network: Any) -> list[str]:
    """The nodes that stay fp32 anyway, by name.

    The layers whose output is the network's own, as it is, rectified or enlarged.
    """
    ends = {output.name for output in network.graph.output}
    found = []
    for node in reversed(network.graph.node):
        if node.output[0] in ends and node.op_type in ("Resize", *RECTIFIERS, *LAYERS):
            found.append(node.name)
            if node.op_type not in LAYERS:
                ends.add(node.input[0])
    return [name for name in found if name]
