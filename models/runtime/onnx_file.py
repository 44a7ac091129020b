"""What is done to an ONNX file without running it. Needs the package onnx, of the extra `train`."""

from pathlib import Path

import onnx


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


def parameters(content: bytes) -> int:
    """How many numbers of a network were learned: weights and biases, in whatever precision.

    Shapes, scales and zero points of a quantised file do not count.
    """
    graph = onnx.load_from_string(content).graph
    made = {name for node in graph.node for name in _settings_of(node)}
    kinds = onnx.TensorProto
    counted = {kinds.FLOAT, kinds.FLOAT16, kinds.INT8, kinds.UINT8, kinds.INT32}
    total = 0
    for tensor in graph.initializer:
        if tensor.data_type in counted and tensor.name not in made:
            size = 1
            for length in tensor.dims:
                size *= length
            total += size
    return total


def is_quantised(content: bytes) -> bool:
    """Whether the network holds int8 weights."""
    graph = onnx.load_from_string(content).graph
    return any(node.op_type == "DequantizeLinear" for node in graph.node)


def _settings_of(node: onnx.NodeProto) -> list[str]:
    """The inputs of a node that say how it works and were not learned."""
    if node.op_type in ("QuantizeLinear", "DequantizeLinear"):
        return list(node.input[1:])
    if node.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Cast"):
        return []
    return list(node.input[1:])
