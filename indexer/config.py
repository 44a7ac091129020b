"""What an index is built with, and the hash that says two indexes were built alike."""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from indexer.quality import DEFAULT_MENDS, MENDS
from models.encoders import DEFAULT, EncoderSpec
from models.errors import UsageError

DESCRIPTION_VERSION = 2
"""Raised whenever the same file would be described by other numbers than before."""


@dataclass(frozen=True, slots=True)
class Config:
    """How scans are read, preprocessed, segmented and described.

    `preprocess`: modality -> steps, over the defaults of `indexer.preprocess.DEFAULT_CHAINS`.
    `segment`: modality -> method, over the defaults of `indexer.segment.DEFAULT_METHODS`.
    `mend`: the findings of `indexer.quality` that are mended before anything else, by their codes.
    `slices`: at most so many slices of a volume are described, evenly spaced.
    `working_px`: longer side of the picture that the histograms see.
    `preview_px`: longer side of the small picture kept for the report.
    """

    encoder: str = DEFAULT
    preprocess: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    segment: Mapping[str, str] = field(default_factory=dict)
    mend: tuple[str, ...] = DEFAULT_MENDS
    slices: int = 64
    working_px: int = 256
    preview_px: int = 320

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary that `from_json` takes back."""
        chains = {modality: list(chain) for modality, chain in self.preprocess.items()}
        return {**asdict(self), "preprocess": chains, "mend": list(self.mend)}


def from_json(data: Mapping[str, Any]) -> Config:
    """The configuration that `to_json` gave, or that a person wrote.

    Raises `UsageError` naming the setting that does not exist or does not fit.
    """
    known = {f.name for f in fields(Config)}
    for name in data:
        if name not in known:
            raise UsageError(f"there is no setting {name!r}; there are: {', '.join(sorted(known))}")
    values = dict(data)
    for name in ("slices", "working_px", "preview_px"):
        if name in values and not (type(values[name]) is int and 1 <= values[name] <= 4096):
            raise UsageError(f"{name} is {values[name]!r}; it is a whole number from 1 to 4096")
    if not isinstance(values.get("encoder", DEFAULT), str):
        raise UsageError(f"encoder is {values['encoder']!r}; it is the name of an encoder")
    values["mend"] = _mends(values.get("mend", DEFAULT_MENDS))
    values["preprocess"] = _chains(values.get("preprocess", {}))
    values["segment"] = _methods(values.get("segment", {}))
    return Config(**values)


def check_steps(config: Config) -> None:
    """Raises `UsageError` for a step or a segmenter that does not exist."""
    from indexer.preprocess import parse_chain
    from models.segmenters import load

    for chain in config.preprocess.values():
        parse_chain(chain)
    for method in config.segment.values():
        if method not in ("none", "auto", "given"):
            load(method)


def _chains(value: object) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping) or not all(
        isinstance(steps, list | tuple) and all(isinstance(step, str) for step in steps)
        for steps in value.values()
    ):
        raise UsageError('preprocess is a table of lists, such as CR = ["voi", "median:3"]')
    return {str(modality).upper(): tuple(steps) for modality, steps in value.items()}


def _mends(value: object) -> tuple[str, ...]:
    """In the order of `MENDS`, each once: another order is no other description."""
    known = isinstance(value, list | tuple) and all(
        isinstance(code, str) and code in MENDS for code in value
    )
    if not isinstance(value, list | tuple) or not known:
        raise UsageError(f"mend is {value!r}; it is a list of some of: {', '.join(MENDS)}")
    return tuple(code for code in MENDS if code in value)


def _methods(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(m, str) for m in value.values()):
        raise UsageError('segment is a table of names, such as CT = "ct_lungs"')
    return {str(modality).upper(): str(method) for modality, method in value.items()}


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a `cbir.toml`. Raises `UsageError` if it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read as TOML: {error}") from error


def identity(config: Config, encoder: EncoderSpec, dims: Mapping[str, int]) -> str:
    """The hash (SHA-256, hexadecimal) of all that decides what numbers describe a scan."""
    taken = (encoder.size, encoder.layout, list(encoder.mean), list(encoder.std))
    told = {
        "version": DESCRIPTION_VERSION,
        "config": config.to_json(),
        "encoder": [encoder.sha256, *taken],
        "dims": dict(dims),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
