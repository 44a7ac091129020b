"""Orientation heads in an index's `heads/` folder: numbers as safetensors, the rest as JSON."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from models.arrays import FloatImage
from models.errors import IndexDamaged
from models.heads.orientation import KINDS, OrientationHead, OrientationHeads
from models.heads.shrunk_lda import ShrunkLda

WORDS = "orientation.json"
NUMBERS = "orientation.safetensors"
_ARRAYS = ("weights", "bias", "centres")


def to_files(told: OrientationHeads) -> dict[str, bytes]:
    """What is to be written, by the file's name."""
    from safetensors.numpy import save

    arrays: dict[str, FloatImage] = {}
    heads = []
    for place, head in enumerate(told.heads):
        numbers = (head.lda.weights, head.lda.bias, head.centres)
        arrays |= {
            f"{place}.{name}": np.ascontiguousarray(values, np.float32)
            for name, values in zip(_ARRAYS, numbers, strict=True)
        }
        plain = {"group": head.group, "floor": head.floor}
        heads.append({**plain, "limits": head.limits, "found": head.found})
    if len(told.rivals):
        arrays["rivals"] = np.ascontiguousarray(told.rivals, np.float32)
    words = {"heads": heads, "declined": dict(told.declined), "scans": told.scans}
    text = json.dumps(words, indent=1, allow_nan=False)
    return {WORDS: text.encode(), NUMBERS: save(arrays)}


def from_folder(folder: Path) -> OrientationHeads:
    """What `to_files` gave. Raises `IndexDamaged`, or `OSError` without the files."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
        arrays = load((folder / NUMBERS).read_bytes())
        heads = tuple(
            _head(one, [arrays.pop(f"{place}.{name}") for name in _ARRAYS])
            for place, one in enumerate(words["heads"])
        )
        declined = tuple((str(group), str(why)) for group, why in words["declined"].items())
        scans = words["scans"]
        rivals = arrays.pop("rivals", OrientationHeads().rivals)
        _hold(_is_numbers(rivals) and rivals.ndim == 2)
        _hold(not len(rivals) or all(h.centres.shape[1] == rivals.shape[1] for h in heads))
        _hold(type(scans) is int and scans >= 0 and not arrays)
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise IndexDamaged(f"{folder / WORDS} is not what was written") from error
    return OrientationHeads(heads, declined, rivals, scans)


def _head(words: Any, arrays: list[np.ndarray]) -> OrientationHead:
    weights, bias, centres = arrays
    kinds = len(KINDS)
    dim = weights.shape[-1]
    shapes = [array.shape for array in arrays]
    _hold(shapes == [(kinds, dim), (kinds,), (kinds, dim)])
    _hold(all(map(_is_numbers, arrays)))
    limits, found = words["limits"], words["found"]
    _hold(bool(limits) and set(limits) == set(found) and set(limits) <= set(KINDS[1:]))
    values = [words["floor"], *limits.values(), *found.values()]
    _hold(all(type(value) in (int, float) and math.isfinite(value) for value in values))
    _hold(isinstance(words["group"], str))
    lda = ShrunkLda(weights, bias)
    return OrientationHead(words["group"], lda, centres, words["floor"], limits, found)


def _is_numbers(array: np.ndarray) -> bool:
    return bool(array.dtype == np.float32 and np.isfinite(array).all())


def _hold(rule: bool) -> None:
    if not rule:
        raise ValueError
