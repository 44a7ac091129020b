"""A trained network as files that the base installation runs: ONNX, its spec, what it has seen.

The spec names the others by their SHA-256 and is written last: a half-written model never loads.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from indexer.dicom_terms import body_part_of, kinds_of, modality_of
from indexer.learn.gather import Gathered
from models.arrays import FloatImage
from models.files import write_whole
from models.heads.leave_out import Indices
from models.runtime import ModelSpec
from models.runtime.members import NO_MEMBER
from models.runtime.spec import to_json

if TYPE_CHECKING:
    from torch import nn

FOLDER = "model"

Spec = TypeVar("Spec", bound=ModelSpec)


def write_model(
    network: "nn.Module",
    spec: ModelSpec,
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
    from models.training.export import exported

    return write_content(exported(network.cpu(), pictures, outputs), spec, run, seen)


def write_content(content: bytes, spec: ModelSpec, run: Path, seen: bytes = b"") -> Path:
    """The same with the content of an ONNX file. Raises `CannotWrite`."""
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


def of_what(spec: Spec, gathered: Gathered, rows: Indices) -> Spec:
    """The spec with the modalities and body parts of the scans that are learned from."""
    facts = [gathered.facts[scan] for scan in sorted({int(gathered.scan[row]) for row in rows})]
    return replace(
        spec,
        modalities=kinds_of([str(one.get("modality") or "") for one in facts], modality_of),
        body_parts=kinds_of([str(one.get("body_part") or "") for one in facts], body_part_of),
    )


def seen_files(gathered: Gathered, rows: Indices, left_out: Indices | None = None) -> bytes:
    """The SHA-256 of every file that these pictures are from, one a line.

    `left_out`: of all pictures, (n,), the member of a committee that did not learn from it; it is
    written behind.
    """
    if left_out is None:
        return listed(dict.fromkeys(files_of(gathered, rows), NO_MEMBER))
    return listed(
        {
            digest: int(left_out[row])
            for row in rows
            for digest in gathered.sha256[gathered.scan[row]]
        }
    )


def files_of(gathered: Gathered, rows: Indices) -> set[str]:
    """The SHA-256 of every file that these pictures are from."""
    return {digest for row in rows for digest in gathered.sha256[gathered.scan[row]]}


def listed(seen: Mapping[str, int]) -> bytes:
    """The list of files that `models.runtime.registry.trained_on` reads."""
    lines = (
        digest if member == NO_MEMBER else f"{digest} {member}"
        for digest, member in sorted(seen.items())
    )
    return "".join(f"{line}\n" for line in lines).encode()
