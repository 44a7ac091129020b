"""Which layers int8 spares: the few that would cost most of what it loses.

Each layer is quantised alone, and how far that moves the network's answers is what it costs. Costs
are far apart and about add up, so the dearest layers stay fp32 until what is left is small (Dong
2019 ranks layers likewise, by their Hessian). In networks of depthwise convolutions these are the
first blocks, which have few weights; in a U-Net there are none.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnxruntime import InferenceSession

from models.arrays import FloatImage
from models.compress.quantise import LAYERS, RECTIFIERS, last_layers, quantise
from models.training.progress import Progress

BUDGET = 0.2
MOST = 0.25
"""What the remaining layers may cost in sum, and which share of all layers is spared at most.

Chosen on 105 training films of a chest classifier (EfficientNet-Lite0, 256 pixels): below, more
layers cost time and bring little (docs/compression.md).
"""
_RANGED = 8
_ASKED = 16


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer with the rectifier that becomes part of it, by their nodes' names."""

    nodes: tuple[str, ...]


def spared(source: Path, pictures: FloatImage, progress: Progress) -> list[str]:
    """The names of the nodes of an fp32 ONNX file that are to stay fp32.

    `pictures`: float32 (n, ...), as the network takes them.
    """
    layers = layers_of(onnx.load(source))
    weighed = costs(source, layers, pictures, progress)
    return [name for place in dearest(weighed) for name in layers[place].nodes]


def dearest(weighed: Sequence[float]) -> list[int]:
    """The places of the layers that are spared, the dearest first."""
    order = sorted(range(len(weighed)), key=lambda place: -weighed[place])
    left = sum(weighed)
    found = []
    for place in order[: int(MOST * len(weighed))]:
        if left <= BUDGET:
            break
        found.append(place)
        left -= weighed[place]
    return found


def layers_of(network: Any) -> list[Layer]:
    """The layers that are quantised unless they are spared, in order."""
    left_out = set(last_layers(network))
    after = {node.input[0]: node.name for node in network.graph.node if node.op_type in RECTIFIERS}
    found = []
    for node in network.graph.node:
        if node.op_type in LAYERS and node.name and node.name not in left_out:
            rectifier = after.get(node.output[0])
            found.append(Layer((node.name, rectifier) if rectifier else (node.name,)))
    return found


def costs(
    source: Path, layers: Sequence[Layer], pictures: FloatImage, progress: Progress
) -> list[float]:
    """What each layer costs alone: the share of the answers' variance over the pictures."""
    ranged = pictures[:: max(1, len(pictures) // _RANGED)]
    asked = pictures[:: max(1, len(pictures) // _ASKED)][:_ASKED]
    told = _answers(source, asked)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "one.onnx"
        for done, layer in enumerate(layers):
            progress("weigh layers", done, len(layers))
            quantise(source, target, ranged, only=layer.nodes)
            found.append(_apart(told, _answers(target, asked)))
    progress("weigh layers", len(layers), len(layers))
    return found


def _answers(path: Path, pictures: FloatImage) -> list[FloatImage]:
    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    (taken,) = session.get_inputs()
    rows = [session.run(None, {taken.name: pictures[n : n + 1]}) for n in range(len(pictures))]
    return [np.concatenate(parts).reshape(len(pictures), -1) for parts in zip(*rows, strict=True)]


def _apart(told: Sequence[FloatImage], found: Sequence[FloatImage]) -> float:
    """Of the outputs the one that moved most: squared, relative to the variance over pictures."""
    shares = []
    for before, after in zip(told, found, strict=True):
        varies = float(np.square(before - before.mean(axis=0)).sum())
        shares.append(float(np.square(after - before).sum()) / max(varies, 1e-12))
    return max(shares)
