"""A spec as JSON: read strictly, so that a wrong one is refused with a sentence."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from models.errors import ModelUnusable
from models.runtime import AnnotatorSpec, ClassifierSpec, EncoderSpec, ModelSpec, SegmenterSpec

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.onnx")
_LIST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.txt")
_SIZES = range(16, 2049)
_DIMS = range(1, 65537)
_MEMBERS = range(1, 65)
LAYOUTS = ("NCHW", "NHWC")


KINDS: dict[str, type[ModelSpec]] = {
    "encoder": EncoderSpec,
    "classifier": ClassifierSpec,
    "segmenter": SegmenterSpec,
    "annotator": AnnotatorSpec,
}

_KINDS_LISTS = ("modalities", "body_parts")
_OPTIONAL = {
    *("layout", "note", "file", "sha256", "trained_on", "kind", "temperature", "members"),
    *_KINDS_LISTS,
}
_LISTS = ("classes", "regions", "findings", *_KINDS_LISTS)


def read_spec(path: Path) -> ModelSpec:
    """The spec in a JSON file. Raises `ModelUnusable` naming the file and what is wrong in it."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelUnusable(f"there is no spec {path}; docs/encoders.md says how one is") from None
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"the spec {path} cannot be read as JSON: {error}") from error
    if not isinstance(told, dict):
        raise ModelUnusable(f"the spec {path} is not a JSON object; see docs/encoders.md")
    return from_json(told, path)


def from_json(told: Mapping[str, Any], path: Path) -> ModelSpec:
    """The spec that `told` holds; `path` is named in messages. Raises `ModelUnusable`.

    Without a `kind` it is an encoder's.
    """
    kind = KINDS.get(str(told.get("kind", "encoder")))
    if kind is None:
        raise ModelUnusable(
            f"the spec {path}: kind {told['kind']!r} must be one of {', '.join(KINDS)}"
        )
    known = {field.name for field in fields(kind)}
    for wrong, rule in (
        (told.keys() - known, "unknown"),
        (known - _OPTIONAL - told.keys(), "missing"),
    ):
        if wrong:
            raise ModelUnusable(f"the spec {path}: {rule}: {', '.join(sorted(wrong))}")
    spec = kind(**{"file": f"{told['name']}.onnx", "sha256": "", **told, **_tuples(told, path)})
    _check(spec, path)
    return spec


def _tuples(told: Mapping[str, Any], path: Path) -> dict[str, tuple[Any, ...]]:
    """The lists of a spec: numbers of the channels, names of classes or regions."""
    try:
        found: dict[str, tuple[Any, ...]] = {
            name: tuple(map(float, told[name])) for name in ("mean", "std")
        }
    except (TypeError, ValueError) as error:
        raise ModelUnusable(f"the spec {path}: mean and std are lists of 3 numbers") from error
    for name in _LISTS:
        if name in told:
            names = told[name]
            good = isinstance(names, list | tuple) and all(isinstance(n, str) and n for n in names)
            maskless = name == "regions" and told.get("kind") == "annotator"
            may_be_empty = maskless or name in _KINDS_LISTS
            if not good or not (names or may_be_empty) or len(set(names)) < len(names):
                raise ModelUnusable(f"the spec {path}: {name} is a list of different names")
            found[name] = tuple(names)
    if "thresholds" in told:
        found["thresholds"] = _thresholds(told, path)
    return found


def _thresholds(told: Mapping[str, Any], path: Path) -> tuple[float, ...]:
    values, findings = told["thresholds"], told.get("findings", ())
    numbers = isinstance(values, list | tuple) and all(type(v) in (int, float) for v in values)
    if not numbers or len(values) != len(findings) or not all(0 <= v <= 1 for v in values):
        raise ModelUnusable(
            f"the spec {path}: thresholds are probabilities from 0 to 1, one for each finding"
        )
    return tuple(map(float, values))


def to_json(spec: ModelSpec) -> str:
    """The spec as it is stored beside the ONNX file."""
    return json.dumps(asdict(spec), indent=1, ensure_ascii=False) + "\n"


def check_name(name: str) -> None:
    """Refuses a name that could lead out of the models folder. Raises `ModelUnusable`."""
    if not _NAME.fullmatch(name):
        raise ModelUnusable(
            f"the model name {name!r} is not allowed: lower-case letters, digits, dot, hyphen "
            "and underscore, at most 64, starting with a letter or a digit"
        )


def _check(spec: ModelSpec, path: Path) -> None:
    texts = ("file", "layout", "licence", "name", "note", "sha256", "source", "trained_on")
    wrong = [name for name in texts if not isinstance(getattr(spec, name), str)]
    if wrong:
        raise ModelUnusable(f"the spec {path}: {', '.join(wrong)} must be text")
    check_name(spec.name)
    listed = not spec.trained_on or _LIST.fullmatch(spec.trained_on)
    grey = isinstance(spec, SegmenterSpec)
    rules = [
        (_FILE.fullmatch(spec.file), f"file {spec.file!r} must be a plain name ending in .onnx"),
        (_whole(spec.size, _SIZES), f"size {spec.size!r} must be 16 to 2048 pixels"),
        (_numbers(spec.mean, grey), f"mean {spec.mean!r} must be 3 numbers, of RGB values 0..255"),
        (
            _numbers(spec.std, grey) and min(spec.std) > 0 and len(spec.std) == len(spec.mean),
            f"std {spec.std!r} must be 3 numbers above 0",
        ),
        (spec.layout in LAYOUTS, f"layout {spec.layout!r} must be one of {', '.join(LAYOUTS)}"),
        (listed, f"trained_on {spec.trained_on!r} must be a plain name ending in .txt"),
    ]
    if isinstance(spec, EncoderSpec):
        rules.append((_whole(spec.dim, _DIMS), f"dim {spec.dim!r} must be 1 to 65536"))
        rules.append((_whole(spec.members, _MEMBERS), f"members {spec.members!r} must be 1 to 64"))
    if isinstance(spec, ClassifierSpec):
        warmth = isinstance(spec.temperature, int | float) and 0 < spec.temperature < 1000
        rules.append((warmth, f"temperature {spec.temperature!r} must be a number above 0"))
    for holds, sentence in rules:
        if not holds:
            raise ModelUnusable(f"the spec {path}: {sentence}")


def _whole(value: object, allowed: range) -> bool:
    return type(value) is int and value in allowed


def _numbers(values: tuple[float, ...], grey: bool) -> bool:
    return len(values) in ((1, 3) if grey else (3,)) and all(map(math.isfinite, values))
