"""MedMNIST's films as files (Yang et al. 2023, MedMNIST v2; CC BY 4.0), official splits.

MedMNIST names no patients, and has several films of some: nobody can say that no patient is on two
sides.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.films import Film

LABELS = {
    "pneumoniamnist": ("normal", "pneumonia"),
    "breastmnist": ("malignant", "normal or benign"),
}
"""Of each set, by their numbers."""


def pictures(data: Path, name: str, split: str) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
    """The pictures of a split, uint8 (n, 28, 28), and the numbers of their labels, (n,)."""
    with np.load(data / f"{name}.npz", allow_pickle=False) as kept:
        labels = kept[f"{split}_labels"].ravel()
        return np.asarray(kept[f"{split}_images"], np.uint8), labels.astype(np.intp)


def written(data: Path, name: str, folder: Path, splits: Sequence[str]) -> list[Film]:
    """The films of some splits as PNG files in `folder`, with what is known of them."""
    folder.mkdir(parents=True, exist_ok=True)
    films = []
    for split in splits:
        for number, (picture, label) in enumerate(zip(*pictures(data, name, split), strict=True)):
            case = f"{split}-{number:04d}"
            path = folder / f"{case}.png"
            cv2.imwrite(str(path), picture)
            row = {"path": path.name, "label": LABELS[name][int(label)], "patient_id": ""}
            films.append(Film(path, row))
    return films
