"""Which models there are: those that ship, and those that the user added.

A model is two files in one folder, `NAME.json` (the spec) and the ONNX file that it names.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from models.errors import CannotWrite, ModelUnusable
from models.files import write_whole
from models.runtime import EncoderSpec, ModelSpec
from models.runtime.compiled import CompiledCache
from models.runtime.members import NO_MEMBER
from models.runtime.spec import check_name, read_spec, to_json
from models.table import load as load_entry

if TYPE_CHECKING:
    from models.encoders import Encoder

S = TypeVar("S", bound=ModelSpec)

RUNNERS: Mapping[str, str] = MappingProxyType(
    {
        "annotator": "models.annotators.network:OpenVinoAnnotator",
        "encoder": "models.encoders.onnx:OpenVinoEncoder",
        "classifier": "models.classifiers.onnx:OpenVinoClassifier",
        "segmenter": "models.segmenters.network:OpenVinoSegmenter",
    }
)
"""What runs a model of each kind: made of its spec and its file's content; `check` tries it."""

SHIPPED = Path(__file__).parents[1] / "weights"
_SEEN = re.compile(r"([0-9a-f]{64})(?: ([0-9]{1,2}))?")
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
    """Whether a model comes with the installation."""
    return name in {path.stem for path in _specs(SHIPPED)}


def available(kind: type[S]) -> list[S]:
    """The specs of all models of that kind, the shipped ones first.

    Raises `ModelUnusable` naming the file if one of the specs cannot be read.
    """
    found = {path.stem: path for path in _specs(user_folder())}
    found.update({path.stem: path for path in _specs(SHIPPED)})
    order = sorted(found, key=lambda name: (not is_shipped(name), name))
    specs = [_read(found[name]) for name in order]
    return [spec for spec in specs if isinstance(spec, kind)]


def spec_of(name: str, kind: type[S]) -> S:
    """What a model takes and gives, without loading it; `name` as for `checked`.

    Raises `ModelUnusable`.
    """
    path = _path_of(name)
    return _of_kind(read_spec(path) if name.endswith(".json") else _read(path), kind)


def load(name: str, threads: int = 0) -> "Encoder":
    """The encoder of that name, ready to run; `threads` 0 for one a usable CPU.

    Raises `ModelUnusable` if there is none, or if its file is not the one that its spec names.
    """
    from models.encoders.onnx import OpenVinoEncoder

    spec, onnx = checked(name, EncoderSpec)
    left_out = trained_on(name) if spec.members > 1 else {}
    return OpenVinoEncoder(spec, onnx, threads, CompiledCache.default(), left_out)


def checked(name: str, kind: type[S]) -> tuple[S, bytes]:
    """The spec and the content of the ONNX file of a model of that kind.

    `name`: of a shipped or an added model; or the path of a spec, ending in .json. Raises
    `ModelUnusable` if there is none, or if its file is not the one that its spec names.
    """
    path = _path_of(name)
    spec = spec_of(name, kind)
    file = path.parent / spec.file
    onnx = _content(file)
    digest = hashlib.sha256(onnx).hexdigest()
    if digest != spec.sha256:
        shipped = path.parent == SHIPPED
        way_out = "install cbir again" if shipped else f"delete {path} and add the model again"
        raise ModelUnusable(
            f"{file} is not the file that its spec names: SHA-256 {digest}, "
            f"not {spec.sha256}; {way_out}"
        )
    return spec, onnx


def trained_on(name: str) -> dict[str, int]:
    """The SHA-256 of the files that a model was trained on; none where its spec lists none.

    With each the member of a committee that did not learn from it, or `NO_MEMBER`. `name`: as for
    `checked`. Raises `ModelUnusable` if the list that the spec names is not there, or is not one of
    64 hexadecimal digits a line, and a member's number.
    """
    path = _path_of(name)
    spec = read_spec(path)
    if not spec.trained_on:
        return {}
    listed = path.parent / spec.trained_on
    members = spec.members if isinstance(spec, EncoderSpec) and spec.members > 1 else 0
    found = {}
    for line in _content(listed).decode("ascii", errors="replace").split("\n"):
        told = _SEEN.fullmatch(line.strip().lower())
        member = NO_MEMBER if told is None or told[2] is None else int(told[2])
        if (told is None and line.strip()) or (member != NO_MEMBER and member >= members):
            raise ModelUnusable(
                f"{listed} is not a list of SHA-256, 64 hexadecimal digits a line, behind which "
                "may stand the number of a member; add the model again"
            )
        if told is not None:
            found[told[1]] = member
    return found


def add(onnx_path: Path, spec_path: Path, replace_existing: bool = False) -> ModelSpec:
    """Checks an ONNX file against its spec, runs it once and copies both to the user's folder.

    The spec may leave out `file` and `sha256`; the list that its `trained_on` names is copied too.
    Returns the spec as it is stored. Raises `ModelUnusable` if the two do not fit, `CannotWrite` if
    they cannot be stored.
    """
    told = read_spec(spec_path)
    if is_shipped(told.name):
        raise ModelUnusable(f"{told.name!r} is the name of a shipped model; choose another name")
    kept = user_folder() / f"{told.name}.json"
    if kept.exists() and not replace_existing:
        raise ModelUnusable(f"there is a model {told.name!r} in {kept.parent}; choose another")
    onnx = _content(onnx_path)
    digest = hashlib.sha256(onnx).hexdigest()
    if told.sha256 and told.sha256 != digest:
        raise ModelUnusable(
            f"{onnx_path} has SHA-256 {digest}, its spec {spec_path} says {told.sha256}; "
            "get the file again, or leave sha256 out of the spec"
        )
    spec = replace(told, file=f"{told.name}-{digest[:12]}.onnx", sha256=digest)
    films = b""
    if told.trained_on:
        films = _content(spec_path.parent / told.trained_on)
        spec = replace(spec, trained_on=f"{told.name}-{digest[:12]}.txt")
    load_entry(RUNNERS, spec.kind, "kind of model")(spec, onnx, threads=1).check()
    _store(spec, {spec.file: onnx, spec.trained_on: films}, kept)
    return spec


def _path_of(name: str) -> Path:
    """Where the spec is that a model's name, or the path of a spec ending in .json, stands for."""
    return Path(name) if name.endswith(".json") else _find(name)


def _of_kind(spec: ModelSpec, kind: type[S]) -> S:
    if not isinstance(spec, kind):
        names = ", ".join(other.name for other in available(kind))
        raise ModelUnusable(f"{spec.name!r} is of the kind {spec.kind!r}; what fits here: {names}")
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
        f"there is no model {name!r}; there are: {names}. `cbir models add` adds one from a file"
    )


def _read(path: Path) -> ModelSpec:
    spec = read_spec(path)
    if spec.name != path.stem:
        raise ModelUnusable(f"the spec {path} says name {spec.name!r}; it must be {path.stem!r}")
    return spec


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not 0 < size <= MAX_BYTES:
            raise ModelUnusable(f"{path} has {size} bytes; a model file has 1 byte to 2 GiB")
        return path.read_bytes()
    except OSError as error:
        raise ModelUnusable(f"the model file {path} cannot be read: {error.strerror}") from error


def _store(spec: ModelSpec, files: Mapping[str, bytes], spec_path: Path) -> None:
    """The spec comes last and at once: until then the model is not there, or is the old one."""
    folder = spec_path.parent
    try:
        for name, content in files.items():
            if name:
                write_whole(folder / name, content)
        old = _read(spec_path) if spec_path.exists() else None
        write_whole(spec_path, to_json(spec).encode())
    except CannotWrite as error:
        raise CannotWrite(
            f"the model {spec.name!r} cannot be stored in {folder}: {error}; CBIR_MODELS can name "
            "another folder"
        ) from error
    for name in () if old is None else {old.file, old.trained_on} - files.keys() - {""}:
        (folder / name).unlink(missing_ok=True)
