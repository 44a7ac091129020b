"""Which encoders there are: those that ship, and those that the user added.

A model is two files in one folder, `NAME.json` (the spec) and the ONNX file that it names.
"""

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import numpy as np

from models.encoders import Encoder, EncoderSpec
from models.encoders.compiled import CompiledCache
from models.encoders.runtime import OpenVinoEncoder
from models.encoders.spec import check_name, read_spec, to_json
from models.errors import CannotWrite, ModelUnusable

SHIPPED = Path(__file__).parent / "weights"
MAX_BYTES = 2 * 1024**3
"""An ONNX file is one protocol buffer, which cannot be larger."""


def user_folder() -> Path:
    """Where added encoders are: `CBIR_MODELS`, or `cbir/models` in the XDG data folder."""
    chosen = os.environ.get("CBIR_MODELS", "")
    if chosen:
        return Path(chosen)
    home = os.environ.get("XDG_DATA_HOME", "")
    root = Path(home) if home and Path(home).is_absolute() else Path.home() / ".local" / "share"
    return root / "cbir" / "models"


def is_shipped(name: str) -> bool:
    """Whether an encoder comes with the installation."""
    return name in {path.stem for path in _specs(SHIPPED)}


def available() -> list[EncoderSpec]:
    """The specs of all encoders, the shipped ones first.

    Raises `ModelUnusable` naming the file if one of the specs cannot be read.
    """
    found = {path.stem: path for path in _specs(user_folder())}
    found.update({path.stem: path for path in _specs(SHIPPED)})
    order = sorted(found, key=lambda name: (not is_shipped(name), name))
    return [_read(found[name]) for name in order]


def spec_of(name: str) -> EncoderSpec:
    """What an encoder takes and gives, without loading it. Raises `ModelUnusable`."""
    return _read(_find(name))


def load(name: str, threads: int = 0) -> Encoder:
    """The encoder of that name, ready to run; `threads` 0 for one a usable CPU.

    Raises `ModelUnusable` if there is none, or if its file is not the one that its spec names.
    """
    spec, onnx = _checked(_find(name))
    return OpenVinoEncoder(spec, onnx, threads, CompiledCache.default())


def add(onnx_path: Path, spec_path: Path, replace_existing: bool = False) -> EncoderSpec:
    """Checks an ONNX file against its spec, runs it once and copies both to the user's folder.

    The spec may leave out `file` and `sha256`. Returns the spec as it is stored. Raises
    `ModelUnusable` if the two do not fit, `CannotWrite` if they cannot be stored.
    """
    told = read_spec(spec_path)
    if is_shipped(told.name):
        raise ModelUnusable(f"{told.name!r} is the name of a shipped encoder; choose another name")
    kept = user_folder() / f"{told.name}.json"
    if kept.exists() and not replace_existing:
        raise ModelUnusable(f"there is an encoder {told.name!r} in {kept.parent}; choose another")
    onnx = _content(onnx_path)
    digest = hashlib.sha256(onnx).hexdigest()
    if told.sha256 and told.sha256 != digest:
        raise ModelUnusable(
            f"{onnx_path} has SHA-256 {digest}, its spec {spec_path} says {told.sha256}; "
            "get the file again, or leave sha256 out of the spec"
        )
    spec = replace(told, file=f"{told.name}-{digest[:12]}.onnx", sha256=digest)
    _try(OpenVinoEncoder(spec, onnx, threads=1))
    _store(spec, onnx, kept)
    return spec


def _specs(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _find(name: str) -> Path:
    check_name(name)
    for folder in (SHIPPED, user_folder()):
        path = folder / f"{name}.json"
        if path.is_file():
            return path
    names = ", ".join(path.stem for path in _specs(SHIPPED) + _specs(user_folder()))
    raise ModelUnusable(
        f"there is no encoder {name!r}; there are: {names}. `cbir models add` adds one from a file"
    )


def _read(path: Path) -> EncoderSpec:
    spec = read_spec(path)
    if spec.name != path.stem:
        raise ModelUnusable(f"the spec {path} says name {spec.name!r}; it must be {path.stem!r}")
    return spec


def _checked(path: Path) -> tuple[EncoderSpec, bytes]:
    spec = _read(path)
    file = path.parent / spec.file
    onnx = _content(file)
    digest = hashlib.sha256(onnx).hexdigest()
    if digest != spec.sha256:
        shipped = path.parent == SHIPPED
        way_out = "install cbir again" if shipped else f"delete {path} and add the encoder again"
        raise ModelUnusable(
            f"{file} is not the file that its spec names: SHA-256 {digest}, "
            f"not {spec.sha256}; {way_out}"
        )
    return spec, onnx


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not 0 < size <= MAX_BYTES:
            raise ModelUnusable(f"{path} has {size} bytes; an ONNX file has 1 byte to 2 GiB")
        return path.read_bytes()
    except OSError as error:
        raise ModelUnusable(f"the ONNX file {path} cannot be read: {error.strerror}") from error


def _try(encoder: OpenVinoEncoder) -> None:
    """Runs it on two pictures that differ: what it gives must be numbers, and differ."""
    size, name = encoder.spec.size, encoder.spec.name
    pictures = np.zeros((2, size, size, 3), np.uint8)
    pictures[1] = np.random.default_rng(0).integers(0, 256, pictures.shape[1:], np.uint8)
    found = encoder.encode(pictures)
    if not np.isfinite(found).all():
        raise ModelUnusable(f"the encoder {name!r} gives numbers that are not finite")
    if np.allclose(found[0], found[1], atol=1e-6):
        raise ModelUnusable(f"the encoder {name!r} gives the same for every picture")


def _store(spec: EncoderSpec, onnx: bytes, spec_path: Path) -> None:
    """The spec comes last and at once: until then the encoder is not there, or is the old one."""
    try:
        spec_path.parent.mkdir(parents=True, exist_ok=True)
        before = {path.name for path in spec_path.parent.glob(f"{spec.name}-*.onnx")}
        _write(spec_path.parent / spec.file, onnx)
        old = _read(spec_path).file if spec_path.exists() else ""
        _write(spec_path, to_json(spec).encode())
        if old in before - {spec.file}:
            (spec_path.parent / old).unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"the encoder {spec.name!r} cannot be stored in {spec_path.parent}: {error.strerror}; "
            "CBIR_MODELS can name another folder"
        ) from error


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    try:
        with temporary.open("xb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
