"""Weights of half precision: the file is half as large, and the network runs as it did.

They are widened to fp32 again when the network is loaded, so it computes in fp32 and is no faster;
a weight is off by at most a two-thousandth of itself.
"""

import numpy as np
import onnx

from models.compress.contract import Compressed, Form, Given, Wishes
from models.errors import UsageError
from models.runtime.onnx_file import is_quantised
from models.training.progress import Progress

_FEWEST = 64  # of numbers: a smaller tensor would not pay for the node that widens it
_LARGEST = float(np.finfo(np.float16).max)


class Fp16:
    """The model with its weights in fp16."""

    def check(self, form: Form, wishes: Wishes) -> None:
        """Raises `UsageError` if its weights are smaller already."""
        if is_quantised(form.onnx):
            raise UsageError(
                f"the weights of {form.spec.name!r} are int8 already, half as large as fp16"
            )

    def make(self, given: Given, progress: Progress) -> Compressed:
        """Needs no film."""
        progress("halve", 0, 1)
        content = halved(given.form.onnx)
        progress("halve", 1, 1)
        return Compressed(Form(given.form.spec, content), "fp16 weights", given.split.train[:0])


def halved(content: bytes) -> bytes:
    """The ONNX file with its large tensors in fp16, each widened by a Cast before it is used.

    A tensor with a number that fp16 cannot hold stays as it is.
    """
    network = onnx.load_from_string(content)
    graph = network.graph
    wide = [tensor for tensor in graph.initializer if _fits(tensor)]
    casts = []
    for tensor in wide:
        half = onnx.numpy_helper.from_array(
            onnx.numpy_helper.to_array(tensor).astype(np.float16), f"{tensor.name}_fp16"
        )
        graph.initializer.remove(tensor)
        graph.initializer.append(half)
        widen = onnx.helper.make_node(
            "Cast", [half.name], [tensor.name], f"{tensor.name}_widen", to=onnx.TensorProto.FLOAT
        )
        casts.append(widen)
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(network)
    made: bytes = network.SerializeToString()
    return made


def _fits(tensor: onnx.TensorProto) -> bool:
    if tensor.data_type != onnx.TensorProto.FLOAT:
        return False
    values = onnx.numpy_helper.to_array(tensor)
    return bool(values.size >= _FEWEST and np.abs(values).max() <= _LARGEST)
