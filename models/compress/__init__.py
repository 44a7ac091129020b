"""Smaller and faster models: one way a file.

    a model (spec, ONNX file) -> one of the ways -> the same, smaller -> measured -> kept or refused

The ways need the extra `train`; what they give is run by the base installation.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING

from models.errors import UsageError
from models.table import load

if TYPE_CHECKING:
    from models.compress.contract import Way

TABLE: Mapping[str, str] = MappingProxyType(
    {
        "int8": "models.compress.int8:Int8",
        "fp16": "models.compress.halve:Fp16",
        "prune": "models.compress.prune:Pruning",
        "distil": "models.compress.distil:Distilling",
    }
)
NEEDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "int8": ("onnx", "onnxruntime"),
        "fp16": ("onnx",),
        "prune": ("onnx", "onnxruntime", "onnxscript", "torch", "torchvision"),
        "distil": ("onnx", "onnxruntime", "onnxscript", "torch", "torchvision"),
    }
)
"""Packages of the extra `train` that each way imports."""


LIMIT = 0.01
"""The most that a figure may fall, where nothing else is said.

A third of what the same films, saved as JPEG of another quality, move these figures by (up to .03
on 364 chest films), so a loss within it is one that nobody can see. A choice, not fitted to any
method's result.
"""


def way(name: str) -> "Way":
    """The way of that name. Raises `UsageError` if there is none, or if packages are missing."""
    found: Way = load(TABLE, name, "way to compress")()
    return found


def check_installed(name: str) -> None:
    """Raises `UsageError` if the packages of that way are not there, or if there is no such way."""
    if name not in TABLE:
        raise UsageError(f"there is no way to compress {name!r}; there are: {', '.join(TABLE)}")
    missing = [package for package in NEEDS[name] if find_spec(package) is None]
    if missing:
        raise UsageError(
            f"--method {name} needs {', '.join(missing)}, which the base installation has not: "
            "pip install 'cbir[train]'"
        )
