"""Films with a known region, for `benchmarks.region_search`: lungs as they are, and patches pasted.

The pasted ones are a simulation: a round patch of another kind of picture (skin, histology, breast
ultrasound, fundus, brain MR) in grey, as bright and as contrasty as the films are, at a random
place in a chest film, its border blended. What is pasted into the archive and what is pasted into
the films that ask are different pictures.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.films import Film
from models.arrays import FloatImage, Mask

KINDS = ("derm_isic", "histo", "us_busi", "fundus", "mri")
SIDE = 512
_SIZES = (90, 200)  # pixels of a pasted patch
_CONTRAST = 40.0  # grey levels, standard deviation of a patch
_SEAM = 0.2  # of a patch's radius

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Marked:
    """A film, what is to be found again, and where: label, patient, and boxes x, y, w, h."""

    path: Path
    label: str
    patient: str
    boxes: tuple[Box, ...]


def pasted(
    films: Sequence[Film], patches: Sequence[Film], folder: Path, every: int, seed: int
) -> list[Marked]:
    """Writes films of 512 px to `folder`, each `every`-th as it is, the others with a patch."""
    random = np.random.default_rng(seed)
    by_kind = {k: [p for p in patches if p.row["path"].startswith(k)] for k in KINDS}
    found = []
    for number, film in enumerate(films):
        resized = cv2.resize(_grey(film.path), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        picture = np.asarray(resized, np.float32)
        kind, box = "", (0, 0, SIDE, SIDE)
        if every == 0 or number % every:
            kind = KINDS[int(random.integers(len(KINDS)))]
            rivals = by_kind[kind]
            patch = _middle(_grey(rivals[int(random.integers(len(rivals)))].path))
            box = _paste(picture, patch, random)
        path = folder / f"{number:04d}.png"
        cv2.imwrite(str(path), np.rint(picture).astype(np.uint8))
        found.append(Marked(path, kind or "nothing", film.row["patient_id"], (box,)))
    return found


def lungs(films: Sequence[Film], data: Path) -> list[Marked]:
    """The films with a mask of both lungs, and each one's box, that on the left first."""
    found = []
    for film in films:
        if not film.row.get("mask"):
            continue
        mask = np.asarray(cv2.imread(str(data / film.row["mask"]), cv2.IMREAD_GRAYSCALE)) > 0
        boxes = _two_largest(mask)
        if len(boxes) == 2:
            found.append(Marked(film.path, film.row["label"], film.row["patient_id"], boxes))
    return found


def manifest(films: Sequence[Marked], folder: Path) -> Path:
    """An archive of these films: copies beside a `cases.csv`, one case a film."""
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle)
        table.writerow(["path", "label", "patient_id", "study_id", "modality", "body_part"])
        for number, film in enumerate(films):
            target = folder / film.path.name
            if target != film.path:
                target.write_bytes(film.path.read_bytes())
            row = [target.name, film.label, film.patient, f"{number}", "CR", "CHEST"]
            table.writerow(row)
    return folder


def _grey(path: Path) -> FloatImage:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.float32)


def _middle(picture: FloatImage) -> FloatImage:
    """The middle of a picture, where the thing itself is: a square of 0.7 of the shorter side."""
    rows, columns = picture.shape
    side = int(min(rows, columns) * 0.7)
    top, left = (rows - side) // 2, (columns - side) // 2
    return picture[top : top + side, left : left + side]


def _paste(film: FloatImage, patch: FloatImage, random: np.random.Generator) -> Box:
    """Pastes in place, and gives the box."""
    size = int(random.integers(*_SIZES))
    patch = np.asarray(cv2.resize(patch, (size, size), interpolation=cv2.INTER_AREA), np.float32)
    top, left = (int(one) for one in random.integers(0, SIDE - size, 2))
    down, across = np.mgrid[:size, :size]
    radius = np.hypot(down - size / 2, across - size / 2) / (size / 2)
    share = np.clip((1 - radius) / _SEAM, 0, 1)
    there = film[top : top + size, left : left + size]
    even = (patch - patch.mean()) / (patch.std() + 1e-6) * _CONTRAST + there.mean()
    there[...] = np.clip(share * even + (1 - share) * there, 0, 255)
    return left, top, size, size


def _two_largest(mask: Mask) -> tuple[Box, ...]:
    _, _, told, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    largest = sorted(range(1, len(told)), key=lambda one: -told[one][4])[:2]
    ordered = sorted(largest, key=lambda one: centres[one][0])
    return tuple((int(x), int(y), int(w), int(h)) for x, y, w, h in (told[i][:4] for i in ordered))
