"""A trained network as files that the base installation runs: ONNX, its spec, what it has seen.

The spec names the others by their SHA-256 and is written last: a half-written model never loads.
"""

import hashlib
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from indexer.learn.gather import Gathered
from models.arrays import FloatImage
from models.errors import ModelUnusable
from models.files import write_whole
from models.heads.leave_out import Indices
from models.runtime import ModelSpec
from models.runtime.spec import to_json

if TYPE_CHECKING:
    from torch import nn

FOLDER = "model"

S = TypeVar("S", bound=ModelSpec)


def write_model(
    network: "nn.Module",
    spec: S,
    outputs: tuple[str, ...],
    pictures: FloatImage,
    run: Path,
    seen: bytes = b"",
) -> Path:
    """Writes `spec`, completed, with its ONNX file into the model folder of `run`; gives its path.

    `network`: in evaluation mode. `pictures`: float32 (n, channels, size, size), normalised, on
    which the ONNX file is compared with torch. `seen`: from `seen_files`. Raises `ModelUnusable` if
    the two differ, `CannotWrite`.
    """
    from models.training.export import FP32_TOLERANCE, export_fp32, fp32_difference

    network = network.cpu()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fp32.onnx"
        export_fp32(network, (spec.channels, spec.size, spec.size), path, outputs)
        differences = fp32_difference(network, path, pictures)
        content = path.read_bytes()
    if max(differences.values()) > FP32_TOLERANCE:
        raise ModelUnusable(f"the ONNX file differs from torch: {json.dumps(differences)}")
    target = run / FOLDER / f"{spec.name}.json"
    target.unlink(missing_ok=True)
    whole = replace(
        spec,
        file=f"{spec.name}.onnx",
        sha256=hashlib.sha256(content).hexdigest(),
        trained_on=f"{spec.name}.txt" if seen else "",
    )
    write_whole(target.with_suffix(".onnx"), content)
    if seen:
        write_whole(target.with_suffix(".txt"), seen)
    write_whole(target, to_json(whole).encode())
    return target


def seen_files(gathered: Gathered, rows: Indices) -> bytes:
    """The SHA-256 of every file that these pictures are from, one a line."""
    scans = np.unique(gathered.scan[rows])
    digests = sorted({digest for scan in scans for digest in gathered.sha256[scan]})
    return "".join(f"{digest}\n" for digest in digests).encode()
