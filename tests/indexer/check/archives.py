"""Archives with faults that are known, made of the example films."""

import shutil
from pathlib import Path

import cv2
import numpy as np

from models.arrays import ByteImage
from tests.manifests import manifest_of, write_manifest

OTHER = {"normal": "tuberculosis", "pneumonia": "normal", "tuberculosis": "normal"}
"""Another label than the right one."""


def film(path: Path) -> ByteImage:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return np.asarray(picture, np.uint8)


def faulty(examples: Path, archive: Path) -> dict[str, str]:
    """All example films and, beside them, files with faults; path of each -> its original."""
    shutil.copytree(examples / "archive", archive)
    rows = manifest_of(archive)
    films = [row for row in rows if row["path"].endswith(".jpg")]
    origin: dict[str, str] = {}

    def add(name: str, row: dict[str, str], picture: ByteImage | None, **said: str) -> None:
        target = archive / "faults" / name
        target.parent.mkdir(exist_ok=True)
        if picture is None:
            shutil.copy(archive / row["path"], target)
        else:
            cv2.imwrite(str(target), np.ascontiguousarray(picture))
        rows.append({**row, "path": f"faults/{name}", **said})
        origin[f"faults/{name}"] = row["path"]

    def own(name: str) -> dict[str, str]:
        return {"patient_id": name, "study_id": name}

    def at(place: int) -> tuple[dict[str, str], ByteImage]:
        return films[place], film(archive / films[place]["path"])

    row, picture = at(3)
    add("left.png", row, np.rot90(picture), **own("left"))
    row, picture = at(33)
    add("over.png", row, np.rot90(picture, 2), **own("over"))
    row, picture = at(60)
    add("inverted.png", row, 255 - picture, **own("inverted"))
    row, picture = at(8)
    add("same.png", row, picture)
    row, picture = at(40)
    add("again.png", row, picture[10:-6, 6:-10], **own("again"), label=OTHER[row["label"]])
    add("bytes.jpg", films[50], None, label=OTHER[films[50]["label"]])
    row, picture = at(70)
    add("blank.png", row, np.zeros_like(picture), **own("blank"))
    (archive / "faults" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    rows.append({**films[0], "path": "faults/broken.png"})
    patient = films[5]["patient_id"]
    films[6].update(patient_id=patient, study_id="later", label=OTHER[films[5]["label"]])
    films[15].update(patient_id="twice", study_id="one", label="normal")
    films[16].update(patient_id="twice", study_id="one", label="pneumonia")
    write_manifest(archive, rows)
    return origin


def of(films: list[dict[str, str]], examples: Path, archive: Path) -> Path:
    """An archive of some rows of the examples' manifest, changed at will."""
    for row in films:
        target = archive / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(examples / "archive" / row["path"], target)
    write_manifest(archive, films)
    return archive
