"""Static int8 quantisation of an encoder's ONNX file, in the form that runs fast on any x86 CPU.

Three choices matter; cosine of the int8 to the fp32 embedding says how much (docs/encoders.md):

- Nothing is quantised between a convolution and its ReLU6, so that the range is 0..6 and one step
  does both. Quantising there as well is what ONNX Runtime does unless told that Clip is quantised.
- Weights have 7 bits. CPUs without VNNI add pairs of 8-bit products in 16 bits, which overflows,
  without a word, with the full 8.
- What may be negative (the picture, linear bottlenecks, sums) is signed with zero in the middle,
  what follows a ReLU6 unsigned from zero: no zero point to correct for at run time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)

from models.arrays import ByteImage, FloatImage

QUANTISED = ("Conv", "Add", "Clip")


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Feeds normalised pictures, one by one, to the calibration."""

    def __init__(self, pictures: FloatImage, name: str) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter([{name: p[None]} for p in pictures])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


def normalise(pictures: ByteImage, mean: tuple[float, ...], std: tuple[float, ...]) -> FloatImage:
    """What the network itself takes: float32 (n, 3, H, W) from uint8 (n, H, W, 3)."""
    scaled = (pictures.astype(np.float32) - np.array(mean, np.float32)) / np.array(std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def quantise(source: Path, target: Path, pictures: FloatImage) -> None:
    """Writes the int8 (QDQ) form of the fp32 ONNX file `source` to `target`.

    `pictures`: float32 (n, 3, H, W), normalised, from which the ranges are taken.
    """
    network = onnx.load(source)
    quantize_static(
        source,
        target,
        _Pictures(pictures, network.graph.input[0].name),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        activation_type=QuantType.QUInt8,
        calibrate_method=CalibrationMethod.MinMax,
        op_types_to_quantize=list(QUANTISED),
        extra_options={"TensorQuantOverrides": _signed(network)},
    )


def _signed(network: Any) -> dict[str, list[dict[str, Any]]]:
    """The settings of all tensors that may be negative, by name."""
    clipped = {node.input[0] for node in network.graph.node if node.op_type == "Clip"}
    names = {network.graph.input[0].name}
    for node in network.graph.node:
        if node.op_type in ("Conv", "Add") and node.output[0] not in clipped:
            names.add(node.output[0])
    return {name: [{"quant_type": QuantType.QInt8, "symmetric": True}] for name in sorted(names)}


def strip(path: Path) -> None:
    """Takes out of an ONNX file what only says where it came from: paths, stacks, shapes."""
    network = onnx.load(path)
    graph = network.graph
    for part in (*graph.node, *graph.input, *graph.output, *graph.initializer, graph, network):
        del part.metadata_props[:]
        part.doc_string = ""
    del graph.value_info[:]
    network.producer_name = "cbir"
    network.producer_version = ""
    onnx.save(network, path)
