"""Static int8 quantisation of an ONNX file, in the form that runs fast on any x86 CPU.

Three choices matter; cosine of the int8 to the fp32 embedding says how much (docs/encoders.md):

- Nothing is quantised between a convolution and its ReLU or ReLU6, so that the range begins at 0
  and one step does both. Quantising there as well is what ONNX Runtime does unless told that these
  are quantised.
- Weights have 7 bits. CPUs without VNNI add pairs of 8-bit products in 16 bits, which overflows,
  without a word, with the full 8. (U-Net on such a CPU, lungs: 8 bits lose .0025 of Dice, 7 bits
  .00003.)
- What may be negative (the picture, linear bottlenecks, sums) is signed with zero in the middle,
  what follows a rectifier unsigned from zero: no zero point to correct for at run time.

Pooling, enlarging and joining of feature maps are not in the list: OpenVINO runs them in int8
between quantised layers by itself. What gives the logits stays fp32: it is a thousandth of the work
and where rounding would be seen.
"""

import tempfile
from collections.abc import Iterator
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
from models.compress.contract import Compressed, Form, Given, Wishes
from models.errors import UsageError
from models.heads.leave_out import Indices
from models.runtime.onnx_file import is_quantised, strip
from models.training.progress import Progress

LAYERS = ("Conv", "ConvTranspose", "Gemm")
RECTIFIERS = ("Clip", "Relu")
MOVED = ("Identity", "MaxPool", "Pad", "Reshape", "Resize", "Transpose")
"""Operators that give the numbers that they are given, at other places."""
QUANTISED = (*LAYERS, "Add", *RECTIFIERS)
CALIBRATION_FILMS = 64
FEWEST_FILMS = 8
"""With 8, 16, 32, 64 or 128 films the Dice of a U-Net (lungs, archive's films) was the same to
.00003; with fewer a class of films may be missing."""
_PREPARED = {"onnx.quant.pre_process": "onnxruntime.quant"}
"""Tells ONNX Runtime that the network is ready; it would advise to make it so on every run."""


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Feeds normalised pictures, one by one, to the calibration."""

    def __init__(self, pictures: FloatImage, name: str) -> None:
        self._feeds: Iterator[dict[str, Any]] = iter([{name: p[None]} for p in pictures])

    def get_next(self) -> dict[str, Any] | None:
        return next(self._feeds, None)


class Int8:
    """The model in int8, its ranges taken from films of the training side."""

    def check(self, form: Form, wishes: Wishes) -> None:
        """Raises `UsageError` if the model is quantised already."""
        if is_quantised(form.onnx):
            raise UsageError(
                f"the model {form.spec.name!r} is quantised already; give the one it was before"
            )

    def make(self, given: Given, progress: Progress) -> Compressed:
        """Raises `UsageError` if there are too few films to take ranges from."""
        spec, rows = given.form.spec, _chosen(given.split.train)
        progress("quantise", 0, len(rows))
        pictures = normalise(given.films.shown(rows, spec.channels), spec.mean, spec.std)
        with tempfile.TemporaryDirectory() as folder:
            source, target = Path(folder) / "fp32.onnx", Path(folder) / "int8.onnx"
            source.write_bytes(given.form.onnx)
            nchw = spec.layout == "NCHW"
            quantise(source, target, pictures if nchw else pictures.transpose(0, 2, 3, 1))
            strip(target)
            content = target.read_bytes()
        progress("quantise", len(rows), len(rows))
        return Compressed(Form(spec, content), "int8", rows[:0])


def _chosen(train: Indices) -> Indices:
    if len(train) < FEWEST_FILMS:
        raise UsageError(
            f"int8 takes its ranges from films of the training side, and {len(train)} are there; "
            f"{FEWEST_FILMS} are needed. Add films that the archive's column `split` does not set "
            "apart, or take --method fp16, which needs none"
        )
    order = np.linspace(0, len(train) - 1, min(len(train), CALIBRATION_FILMS))
    return train[np.unique(order.round().astype(np.intp))]


def normalise(pictures: ByteImage, mean: tuple[float, ...], std: tuple[float, ...]) -> FloatImage:
    """What the network itself takes: float32 (n, channels, H, W) from uint8 (n, H, W, channels)."""
    scaled = (pictures.astype(np.float32) - np.array(mean, np.float32)) / np.array(std, np.float32)
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def quantise(source: Path, target: Path, pictures: FloatImage) -> None:
    """Writes the int8 (QDQ) form of the fp32 ONNX file `source` to `target`.

    `pictures`: float32 (n, ...), as the network takes them, from which the ranges are taken.
    """
    network = _folded(onnx.load(source))
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
        nodes_to_exclude=_last_layers(network),
        extra_options={"TensorQuantOverrides": _signed(network)},
    )


def _folded(network: Any) -> Any:
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


def _last_layers(network: Any) -> list[str]:
    """The layers whose output is the network's own, as it is, rectified or enlarged."""
    ends = {output.name for output in network.graph.output}
    found = []
    for node in reversed(network.graph.node):
        if node.output[0] in ends and node.op_type in ("Resize", *RECTIFIERS, *LAYERS):
            found.append(node.name)
            if node.op_type not in LAYERS:
                ends.add(node.input[0])
    return [name for name in found if name]
