"""The spec of an encoder as JSON: read strictly, so that a wrong one is refused with a sentence."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from models.encoders import EncoderSpec
from models.errors import ModelUnusable

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.onnx")
_SIZES = range(16, 2049)
_DIMS = range(1, 65537)
LAYOUTS = ("NCHW", "NHWC")


def read_spec(path: Path) -> EncoderSpec:
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


def from_json(told: Mapping[str, Any], path: Path) -> EncoderSpec:
    """The spec that `told` holds; `path` is named in messages. Raises `ModelUnusable`."""
    known = {field.name for field in fields(EncoderSpec)}
    wanted = known - {"layout", "note", "file", "sha256"}
    for wrong, rule in ((told.keys() - known, "unknown"), (wanted - told.keys(), "missing")):
        if wrong:
            raise ModelUnusable(f"the spec {path}: {rule}: {', '.join(sorted(wrong))}")
    try:
        spec = EncoderSpec(
            **{
                "file": f"{told['name']}.onnx",
                "sha256": "",
                **told,
                "mean": tuple(map(float, told["mean"])),
                "std": tuple(map(float, told["std"])),
            }
        )
    except (TypeError, ValueError) as error:
        raise ModelUnusable(f"the spec {path}: mean and std are lists of 3 numbers") from error
    _check(spec, path)
    return spec


def to_json(spec: EncoderSpec) -> str:
    """The spec as it is stored beside the ONNX file."""
    return json.dumps(asdict(spec), indent=1, ensure_ascii=False) + "\n"


def check_name(name: str) -> None:
    """Refuses a name that could lead out of the models folder. Raises `ModelUnusable`."""
    if not _NAME.fullmatch(name):
        raise ModelUnusable(
            f"the encoder name {name!r} is not allowed: lower-case letters, digits, dot, hyphen "
            "and underscore, at most 64, starting with a letter or a digit"
        )


def _check(spec: EncoderSpec, path: Path) -> None:
    texts = {"name", "file", "sha256", "licence", "source", "layout", "note"}
    wrong = [name for name in sorted(texts) if not isinstance(getattr(spec, name), str)]
    if wrong:
        raise ModelUnusable(f"the spec {path}: {', '.join(wrong)} must be text")
    check_name(spec.name)
    rules = (
        (_FILE.fullmatch(spec.file), f"file {spec.file!r} must be a plain name ending in .onnx"),
        (_whole(spec.size, _SIZES), f"size {spec.size!r} must be 16 to 2048 pixels"),
        (_whole(spec.dim, _DIMS), f"dim {spec.dim!r} must be 1 to 65536"),
        (_three(spec.mean), f"mean {spec.mean!r} must be 3 numbers, of RGB values 0..255"),
        (_three(spec.std) and min(spec.std) > 0, f"std {spec.std!r} must be 3 numbers above 0"),
        (spec.layout in LAYOUTS, f"layout {spec.layout!r} must be one of {', '.join(LAYOUTS)}"),
    )
    for holds, sentence in rules:
        if not holds:
            raise ModelUnusable(f"the spec {path}: {sentence}")


def _whole(value: object, allowed: range) -> bool:
    return type(value) is int and value in allowed


def _three(values: tuple[float, ...]) -> bool:
    return len(values) == 3 and all(math.isfinite(value) for value in values)
