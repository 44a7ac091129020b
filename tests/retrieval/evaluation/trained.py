"""An encoder whose spec says that it has learned from some films."""

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from models.runtime import registry
from models.runtime.spec import read_spec


def trained_encoder(folder: Path, films: Iterable[Path]) -> str:
    """The path of its spec, as `cbir train` leaves one; it is a shipped encoder in truth."""
    folder.mkdir()
    shutil.copy(registry.SHIPPED / "mobilenetv2.onnx", folder)
    digests = [hashlib.sha256(film.read_bytes()).hexdigest() for film in films]
    (folder / "mine.txt").write_text("\n".join(digests) + "\n", encoding="ascii")
    spec = asdict(read_spec(registry.SHIPPED / "mobilenetv2.json"))
    spec |= {"name": "mine", "trained_on": "mine.txt"}
    (folder / "mine.json").write_text(json.dumps(spec), encoding="utf-8")
    return str(folder / "mine.json")
