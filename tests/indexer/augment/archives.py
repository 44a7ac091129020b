"""Small archives for enlarging, and what stands in the table of an enlarged one."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from indexer.augment.originals import Original
from indexer.facts import facts_of
from indexer.made import ORIGIN, is_made, separated
from indexer.row import Row
from indexer.scan import Header
from indexer.sources import Source


def original(
    path: str, label: str = "ill", patient: str = "", split: str = "", **changed: object
) -> Original:
    """An original without files; `changed`: its other fields."""
    row = Row(line=2, path=path, label=label, patient_id=patient, split=split)
    source = Source(key=path, paths=(path,), row=row, label_from="manifest")
    told: dict[str, object] = {
        "source": source,
        "facts": facts_of(source, Header()),
        "patient": patient or f"scan {path}",
        "apart": split == "query",
        "declined": "",
        "mask": "",
        "lesion": "",
        "region": False,
        "colour": False,
    }
    return Original(**{**told, **changed})  # type: ignore[arg-type]


def rows_of(enlarged: Path) -> list[dict[str, str]]:
    with (enlarged / "cases.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def parted(rows: Sequence[Mapping[str, str]], sides: Sequence[int]) -> list[str]:
    """The made films that are on another side than any of their origins; there must be none."""
    side = {row["path"]: number for row, number in zip(rows, sides, strict=True)}
    return [
        row["path"]
        for row in rows
        if is_made(row)
        and any(side[origin] != side[row["path"]] for origin in separated(row[ORIGIN]))
    ]


def write(archive: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """The archive with this table; columns as of its rows."""
    told = list(rows)
    archive.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in told for name in row))
    with (archive / "cases.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, names, restval="")
        writer.writeheader()
        writer.writerows(told)
    return archive


def smooth(path: Path, seed: int, colour: bool = False, bits: int = 8, px: int = 64) -> Path:
    """A picture with some structure, PNG."""
    shape = (px, px, 3) if colour else (px, px)
    noise = np.random.default_rng(seed).uniform(0, 1, shape).astype(np.float32)
    grey = cv2.GaussianBlur(noise, (0, 0), px / 16)
    grey = (grey - grey.min()) / (grey.max() - grey.min())
    kind, most = (np.uint8, 255) if bits == 8 else (np.uint16, 65535)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.rint(grey * most).astype(kind))
    return path
