"""Runs an ONNX file on the CPU with OpenVINO.

Every picture is one request of a fixed shape, and as many requests run at once as there are
threads. So an answer never depends on what else was in the batch, batches of any size run at
the same speed, and nothing is compiled twice.
"""

import io
import logging
import os
import sys
import threading
from types import ModuleType
from typing import Any

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.errors import ModelUnusable
from models.runtime import ModelSpec
from models.runtime.compiled import CompiledCache

_log = logging.getLogger(__name__)
_TOOLS = "openvino.tools.ovc"
_MAP_AXES = 3  # channels, rows, columns
_MAPS = "finer, pooled"  # that a compiled network gives, for what is kept of it


def openvino() -> ModuleType:
    """The OpenVINO package, imported so that it reports nothing to anybody.

    `import openvino` also imports its model converter, which sends a usage event over the network
    as it is imported (openvino/tools/ovc/__init__.py, 2026.4). The converter is optional to it and
    not needed here, so it is kept out: no event, and the import takes half the time.
    """
    if "openvino" not in sys.modules:
        sys.modules[_TOOLS] = None  # type: ignore[assignment]
        try:
            import openvino
        finally:
            del sys.modules[_TOOLS]
    import openvino

    package: ModuleType = openvino
    return package


def usable_threads() -> int:
    """How many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Network:
    """A network on OpenVINO's CPU device; safe to call from several threads."""

    def __init__(
        self,
        spec: ModelSpec,
        onnx: bytes,
        threads: int = 0,
        cache: CompiledCache | None = None,
        feature_map: bool = False,
    ) -> None:
        """`onnx`: the file's content. `threads`: pictures at once, 0 for one a usable CPU.

        `cache`: where the compiled network may be kept for the next process. `feature_map`: what
        the network pools becomes its last output, if it pools anything, and its last map of at
        least twice the rows and columns the one before. Raises `ModelUnusable` if OpenVINO cannot
        run the network.
        """
        self._spec = spec
        self._feature_map = feature_map
        self._threads = threads if threads > 0 else usable_threads()
        self._lock = threading.Lock()
        try:
            compiled = self._compiled(onnx, cache)
        except RuntimeError as error:
            raise ModelUnusable(
                f"the {spec.kind} {spec.name!r} ({spec.file}) cannot be run by OpenVINO; it must "
                f"be one ONNX file with its weights inside: {_first_line(error)}"
            ) from error
        self.shapes = [tuple(output.shape)[1:] for output in compiled.outputs]
        self._queue = openvino().AsyncInferQueue(compiled, self._threads)
        # Set once: a thread of OpenVINO that drops the last hold on a replaced callback while
        # Python is shutting down aborts the process.
        self._queue.set_callback(_keep)

    @property
    def feature_map(self) -> int | None:
        """Which output, from 0 on, is the map that was asked for; None if it pools nothing.

        Its shape is (channels, rows, columns).
        """
        last = len(self.shapes) - 1
        shape = self.shapes[last]
        wide = len(shape) == _MAP_AXES and shape[1] * shape[2] > 1
        return last if self._feature_map and wide else None

    @property
    def detail_map(self) -> int | None:
        """Which output is the finer map, as `feature_map` says; the same one if there is none."""
        last = self.feature_map
        if last is None or last == 0:
            return None
        before, pooled = self.shapes[last - 1], self.shapes[last]
        finer = len(before) == _MAP_AXES and _twice(before, pooled)
        return last - 1 if finer else last

    def run(self, batch: ByteImage, outputs: int = 1) -> list[FloatImage]:
        """The first `outputs` of what the network gives, each float32 (n, ...).

        `batch`: uint8 (n, size, size, channels), 0..255, RGB or grey. Raises `ValueError` for
        another shape or type.
        """
        spec = self._spec
        wanted = (spec.size, spec.size, spec.channels)
        if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[1:] != wanted:
            raise ValueError(
                f"{spec.name} takes uint8 (n, {', '.join(map(str, wanted))}), not {batch.dtype} "
                f"{batch.shape}"
            )
        found = [np.empty((len(batch), *shape), np.float32) for shape in self.shapes[:outputs]]
        with self._lock:
            for row in range(len(batch)):
                picture = np.ascontiguousarray(batch[row : row + 1])
                self._queue.start_async({0: picture}, [array[row] for array in found])
            self._queue.wait_all()
        return found

    def _compiled(self, onnx: bytes, cache: CompiledCache | None) -> Any:
        core = openvino().Core()
        settings = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": self._threads,
        }
        facts = (self._spec, settings, self._feature_map and _MAPS)
        key = cache.key(core, onnx, facts) if cache else ""
        kept = cache.get(key) if cache else None
        if kept is not None:
            try:
                return core.import_model(kept, "CPU", settings)
            except RuntimeError as error:
                _log.info("a compiled network is made anew: %s", _first_line(error))
        compiled = core.compile_model(self._network(core, onnx), "CPU", settings)
        if cache:
            made = io.BytesIO()
            compiled.export_model(made)
            cache.put(key, made.getvalue())
        return compiled

    def _network(self, core: Any, onnx: bytes) -> Any:
        """The network with its preprocessing in front: uint8 RGB goes in as it is."""
        ov, spec = openvino(), self._spec
        network = core.read_model(onnx)
        if len(network.inputs) != 1:
            raise ModelUnusable(
                f"the {spec.kind} {spec.name!r} takes {len(network.inputs)} inputs; one "
                "picture is all that it can be given"
            )
        steps = ov.preprocess.PrePostProcessor(network)
        picture = steps.input()
        picture.tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
        picture.model().set_layout(ov.Layout(spec.layout))
        convert = picture.preprocess().convert_element_type(ov.Type.f32)
        convert.mean(list(spec.mean)).scale(list(spec.std))
        network = steps.build()
        network.reshape([1, spec.size, spec.size, spec.channels])
        pooled = _pooled(network) if self._feature_map else None
        if pooled is not None:
            finer = _finer(network, pooled)
            network.add_outputs([pooled] if finer is None else [finer, pooled])
        return network


def _pooled(network: Any) -> Any:
    """What the last pooling over both axes of a map takes, or None."""
    found = None
    for step in network.get_ordered_ops():
        if step.get_type_name() != "ReduceMean":
            continue
        taken = step.input(0).get_source_output()
        axes = step.input(1).get_source_output().get_node()
        whole = axes.get_type_name() == "Constant" and sorted(axes.data % 4) == [2, 3]
        if len(taken.get_partial_shape()) == 1 + _MAP_AXES and whole:
            found = taken
    return found


def _finer(network: Any, pooled: Any) -> Any:
    """The last map before `pooled` that has at least twice its rows and columns, or None."""
    found = None
    last = tuple(pooled.get_partial_shape().to_shape())[1:]
    for step in network.get_ordered_ops():
        if step is pooled.get_node() or not step.get_output_size():
            continue
        shape, of = step.get_output_partial_shape(0), step.get_output_element_type(0)
        if len(shape) != 1 + _MAP_AXES or shape.is_dynamic or of != openvino().Type.f32:
            continue
        if _is_map(step, tuple(shape.to_shape())[1:], last):
            found = step.output(0)
    return found


def _is_map(step: Any, shape: tuple[int, ...], pooled: tuple[int, ...]) -> bool:
    """Channels before rows and columns, more of them than the picture has, and of the picture."""
    plain = step.get_type_name() not in ("Constant", "Parameter", "Transpose")
    return plain and shape[0] > _MAP_AXES and _twice(shape, pooled)


def _twice(shape: tuple[int, ...], pooled: tuple[int, ...]) -> bool:
    return all(fine >= 2 * coarse for fine, coarse in zip(shape[1:], pooled[1:], strict=True))


def _keep(request: Any, rows: list[FloatImage]) -> None:
    """Takes over what a request gave before the next picture overwrites it."""
    for number, row in enumerate(rows):
        row[...] = request.get_output_tensor(number).data.reshape(row.shape)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
