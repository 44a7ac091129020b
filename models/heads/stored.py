"""The diagnosis head on disk: numbers in safetensors, all else in JSON, both read strictly."""

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from models.arrays import FloatImage
from models.errors import IndexDamaged
from models.files import write_whole
from models.heads.calibration import Answers, Calibration
from models.heads.combined import LINEAR, VOTE, CombinedHead
from models.heads.conformal import ConformalSets
from models.heads.linear import LinearPart
from models.heads.neighbours import NeighbourVote
from models.heads.novelty import Novelty, Space
from models.heads.pooling import Pool

SCHEMA = 3
_OF_A_SPACE = ("mean", "directions", "variance")
_TOLD, _NUMBERS = "diagnosis.json", "diagnosis.safetensors"

Arrays = dict[str, FloatImage]


def save(head: CombinedHead, folder: Path) -> None:
    """Writes the head into `folder`. Raises `CannotWrite`."""
    from safetensors.numpy import save as to_bytes

    arrays: Arrays = {}
    told: dict[str, Any] = {
        "schema": SCHEMA,
        "vote": json.loads(head.vote.to_json()),
        "pool": None if head.pool is None else asdict(head.pool),
        "sets": None if head.sets is None else asdict(head.sets)["probabilities"],
        "calibration": None if head.calibration is None else asdict(head.calibration),
        "note": head.note,
        "linear": None,
        "novelty": None,
    }
    if head.linear is not None:
        arrays |= {"linear.weight": head.linear.weight, "linear.bias": head.linear.bias}
        part = head.linear
        told["linear"] = {"classes": part.classes, "blocks": part.blocks, "ridge": part.ridge}
    if head.novelty is not None:
        for place, space in enumerate(head.novelty.spaces):
            for name in _OF_A_SPACE:
                arrays[f"novelty.{place}.{name}"] = getattr(space, name)
        spaces = [{"blocks": one.blocks, "scale": one.scale} for one in head.novelty.spaces]
        told["novelty"] = {"spaces": spaces, "threshold": head.novelty.threshold}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    write_whole(folder / _NUMBERS, to_bytes(contiguous))
    write_whole(folder / _TOLD, json.dumps(told, indent=1, allow_nan=False).encode())


def load(folder: Path, dims: Mapping[str, int] | None = None) -> CombinedHead:
    """What `save` wrote. `dims`: how many numbers each block of the index has.

    Raises `IndexDamaged` for anything else, also for a head that does not fit the blocks.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    try:
        told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
        arrays = from_bytes((folder / _NUMBERS).read_bytes())
        if not isinstance(told, dict) or told["schema"] != SCHEMA:
            raise ValueError(f"it is not of schema {SCHEMA}")
        head = _head(told, arrays)
        _check(head)
        if dims is not None:
            _check_blocks(head, dims)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise IndexDamaged(f"the diagnosis head of the index cannot be read: {error!r}") from error
    return head


def _head(told: Mapping[str, Any], arrays: Arrays) -> CombinedHead:
    linear, novelty, pool = told["linear"], told["novelty"], told["pool"]
    sets, calibration = told["sets"], told["calibration"]
    return CombinedHead(
        vote=NeighbourVote.from_json(json.dumps(told["vote"])),
        linear=None if linear is None else _linear(linear, arrays),
        pool=None if pool is None else _pool(pool),
        sets=None if sets is None else _sets(sets),
        novelty=None if novelty is None else _novelty(novelty, arrays),
        calibration=None if calibration is None else _calibration(calibration),
        note=str(told["note"]),
    )


def _linear(told: Mapping[str, Any], arrays: Arrays) -> LinearPart:
    numbers = (_finite(arrays["linear.weight"]), _finite(arrays["linear.bias"]))
    names = (_names(told["classes"]), _names(told["blocks"]))
    return LinearPart(*names, *numbers, _share(told["ridge"], math.inf))


def _novelty(told: Mapping[str, Any], arrays: Arrays) -> Novelty:
    spaces = []
    for place, space in enumerate(told["spaces"]):
        mean, directions, variance = (
            _finite(arrays[f"novelty.{place}.{name}"]) for name in _OF_A_SPACE
        )
        along, beside = map(_positive, space["scale"])
        blocks = _names(space["blocks"])
        spaces.append(Space(blocks, mean, directions, variance, (along, beside)))
    if not spaces:
        raise ValueError("the novelty looks at nothing")
    return Novelty(tuple(spaces), _positive(told["threshold"]))


def _sets(told: Mapping[str, Any]) -> ConformalSets:
    return ConformalSets({str(name): _rising(own) for name, own in told.items()})


def _pool(told: Mapping[str, Any]) -> Pool:
    weights = {str(name): _share(weight, math.inf) for name, weight in told["weights"].items()}
    if not weights or weights.keys() - {VOTE, LINEAR}:
        raise ValueError(f"the pool is of {sorted(weights)}")
    steps = {}
    for name, (known, corrected) in told["steps"].items():
        steps[str(name)] = (_rising(known), _rising(corrected))
        if len(known) != len(corrected) or not known:
            raise ValueError("a correction has not as many values as it has places")
    return Pool(weights, steps)


def _calibration(told: Mapping[str, Any]) -> Calibration:
    answers = {}
    for name, own in told["answers"].items():
        answers[str(name)] = Answers(_rising(own["given"]), tuple(map(bool, own["right"])))
        if len(own["given"]) != len(own["right"]):
            raise ValueError("there are more answers than it is known of whether they were right")
    numbers = (_share(told["ece"]), _share(told["accuracy"]))
    return Calibration(int(told["cases"]), *numbers, answers, _share(told["unsure_below"]))


def _check_blocks(head: CombinedHead, dims: Mapping[str, int]) -> None:
    """Raises `ValueError` or `KeyError` where it looks at other blocks than the index has."""
    if head.linear is not None:
        wide = sum(dims[name] for name in head.linear.blocks)
        if len(head.linear.weight) != wide:
            raise ValueError(f"the linear part's weights are {head.linear.weight.shape}")
    for space in head.novelty.spaces if head.novelty else ():
        wide = sum(dims[name] for name in space.blocks)
        if space.mean.shape != (wide,):
            raise ValueError(f"the novelty's mean is {space.mean.shape}")


def _check(head: CombinedHead) -> None:
    """Raises `ValueError` where its parts do not fit each other."""
    classes = set(head.classes)
    if head.linear is not None:
        known = len(head.linear.classes)
        if head.linear.weight.shape[1:] != (known,) or head.linear.bias.shape != (known,):
            raise ValueError(f"the linear part's weights are {head.linear.weight.shape}")
        if set(head.linear.classes) - classes or known < 2:
            raise ValueError("the linear part knows labels that the vote does not")
    for space in head.novelty.spaces if head.novelty else ():
        wanted = (len(space.variance), len(space.mean))
        if space.directions.shape != wanted or not (space.variance > 0).all():
            raise ValueError(f"the novelty's directions are {space.directions.shape}")
    if head.pool is not None and (head.linear is None) != (LINEAR not in head.pool.weights):
        raise ValueError("the pool is not of the parts that there are")
    if head.pool is not None and head.pool.steps and head.pool.steps.keys() != classes:
        raise ValueError("the pool corrects other labels than there are")
    if head.sets is not None and head.sets.probabilities.keys() != classes:
        raise ValueError("the sets are of other labels than there are")


def _names(told: Any) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(name, str) for name in told):
        raise TypeError(f"{told!r} is no list of names")
    return tuple(told)


def _finite(array: FloatImage) -> FloatImage:
    if array.dtype != np.float32 or not np.isfinite(array).all():
        raise ValueError(f"an array is {array.dtype}, or not finite")
    return array


def _share(told: Any, most: float = 1.0) -> float:
    value = float(told)
    if not (0 <= value <= most and math.isfinite(value)):
        raise ValueError(f"{value} is not from 0 to {most}")
    return value


def _positive(told: Any) -> float:
    value = _share(told, math.inf)
    if value == 0:
        raise ValueError("a scale is 0")
    return value


def _rising(told: Any) -> tuple[float, ...]:
    values = tuple(_share(value) for value in told)
    if any(after < before for before, after in itertools.pairwise(values)):
        raise ValueError("numbers that should rise do not")
    return values
