"""Networks so small that one can work out what they say; made without torch."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.runtime import AnnotatorSpec, ClassifierSpec, ModelSpec, SegmenterSpec
from models.runtime.spec import to_json

SIZE = 32
_TAKES: dict[str, Any] = {
    **{"file": "x.onnx", "sha256": "", "size": SIZE, "licence": "MIT", "source": "made here"},
    **{"mean": (0.0,) * 3, "std": (255.0,) * 3},
}
CLASSIFIER = ClassifierSpec(name="tiny-classifier", dim=3, classes=("bright", "dark"), **_TAKES)
ANNOTATOR = AnnotatorSpec(
    name="tiny-annotator",
    findings=("Bright", "Dark"),
    thresholds=(0.9, 0.5),
    regions=("lungs",),
    **_TAKES,
)
SEGMENTER = SegmenterSpec(name="tiny-segmenter", regions=("lungs",), **_TAKES)


_OUTPUTS = {
    "classifier": ("embedding", "logits"),
    "annotator": ("logits", "masks"),
    "segmenter": ("masks",),
}


def content(spec: ModelSpec) -> bytes:
    """The ONNX file of a spec.

    With m the picture's mean grey, 0..1, its logits are 20 (m - 1/2) and their negative; each
    pixel's logit of a region is 20 (1/2 - its grey): dark is lung.
    """
    onnx = pytest.importorskip("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    float32, side = onnx.TensorProto.FLOAT, spec.size
    weights = {
        "two": np.array([[20.0, -20.0]] * 3, np.float32) / 3,
        "bias": np.array([-10.0, 10.0], np.float32),
        "grey": np.full((1, 3, 1, 1), -20 / 3, np.float32),
        "half": np.array([10.0], np.float32),
    }
    nodes = {
        "embedding": helper.make_node(
            "ReduceMean", ["image"], ["embedding"], axes=[2, 3], keepdims=0
        ),
        "logits": helper.make_node("Gemm", ["embedding", "two", "bias"], ["logits"]),
        "masks": helper.make_node("Conv", ["image", "grey", "half"], ["masks"]),
    }
    shapes: dict[str, list[Any]] = {
        "embedding": ["n", 3],
        "logits": ["n", 2],
        "masks": ["n", 1, side, side],
    }
    outputs = _OUTPUTS[spec.kind]
    needed = [nodes[name] for name in nodes if name in (*outputs, "embedding")]
    used = {name for node in needed for name in node.input}
    graph = helper.make_graph(
        needed,
        "tiny",
        [helper.make_tensor_value_info("image", float32, ["n", 3, side, side])],
        [helper.make_tensor_value_info(name, float32, shapes[name]) for name in outputs],
        [numpy_helper.from_array(w, name) for name, w in weights.items() if name in used],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    found: bytes = model.SerializeToString()
    return found


def written(spec: ModelSpec, folder: Path) -> Path:
    """The files of a model in `folder`; gives the path of its spec."""
    onnx = content(spec)
    file = f"{spec.name}.onnx"
    whole = replace(spec, file=file, sha256=hashlib.sha256(onnx).hexdigest())
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_bytes(onnx)
    path = folder / f"{spec.name}.json"
    path.write_text(to_json(whole), encoding="utf-8")
    return path
