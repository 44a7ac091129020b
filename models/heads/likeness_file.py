"""The learned likeness on disk: numbers in safetensors, all else in JSON, both read strictly."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.errors import IndexDamaged
from models.files import write_whole
from models.heads.likeness import Likeness
from models.heads.linear import LinearPart

SCHEMA = 1
_TOLD, _NUMBERS = "likeness.json", "likeness.safetensors"
_SHARES = ("share", "without", "reached")


def save(likeness: Likeness | None, folder: Path) -> None:
    """Writes it into `folder`; what there is not is written as null. Raises `CannotWrite`."""
    from safetensors.numpy import save as to_bytes

    told: dict[str, Any] = {"schema": SCHEMA, "likeness": None}
    arrays = {}
    if likeness is not None:
        part = likeness.linear
        told["likeness"] = {name: getattr(likeness, name) for name in _SHARES} | {
            "classes": part.classes,
            "blocks": part.blocks,
            "ridge": part.ridge,
            "sharpness": likeness.sharpness,
        }
        arrays = {"weight": np.ascontiguousarray(part.weight), "bias": part.bias}
    write_whole(folder / _NUMBERS, to_bytes(arrays))
    write_whole(folder / _TOLD, json.dumps(told, indent=1, allow_nan=False).encode())


def load(folder: Path, dims: Mapping[str, int] | None = None) -> Likeness | None:
    """What `save` wrote. `dims`: how many numbers each block of the index has.

    Raises `IndexDamaged` for anything else, also for one that does not fit the blocks.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
        arrays = from_bytes((folder / _NUMBERS).read_bytes())
        if told["schema"] != SCHEMA:
            raise ValueError(f"it is not of schema {SCHEMA}")
        if told["likeness"] is None:
            return None
        return _likeness(told["likeness"], arrays, dims)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise IndexDamaged(f"the index's learned likeness cannot be read: {error!r}") from error


def _likeness(
    told: Mapping[str, Any], arrays: Mapping[str, np.ndarray], dims: Mapping[str, int] | None
) -> Likeness:
    shares = [float(told[name]) for name in _SHARES]
    if not all(0 <= share <= 1 for share in shares):
        raise ValueError(f"{shares} are not from 0 to 1")
    classes, blocks = (tuple(map(str, told[name])) for name in ("classes", "blocks"))
    weight, bias, ridge = arrays["weight"], arrays["bias"], float(told["ridge"])
    wide = weight.shape[0] if dims is None else sum(dims[name] for name in blocks)
    if weight.shape != (wide, len(classes)) or bias.shape != (len(classes),) or len(classes) < 2:
        raise ValueError(f"the weights are {weight.shape} for {len(classes)} labels")
    for array in (weight, bias):
        if array.dtype != np.float32 or not np.isfinite(array).all():
            raise ValueError(f"an array is {array.dtype}, or not finite")
    sharpness = float(told["sharpness"])
    if not (math.isfinite(ridge) and ridge >= 0 and 0 < sharpness < 100):
        raise ValueError(f"the ridge is {ridge}, the sharpness {sharpness}")
    return Likeness(LinearPart(classes, blocks, weight, bias, ridge), sharpness, *shares)
