"""Sets of labelled pictures, and how well vectors find the same label in them."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage, Mask

_ORIGINS = {"Shenzhen": "NLM", "Montgomery": "NLM"}
_PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Pictures and their rows. `name`: of the folder. `rows`: those of the manifest.

    With a `split`, the query pictures ask the archive; without, every picture asks all pictures of
    other patients.
    """

    name: str
    folder: Path
    rows: tuple[dict[str, str], ...]

    def column(self, name: str) -> NDArray[np.str_]:
        """That column, empty where there is none."""
        return np.array([row.get(name) or "" for row in self.rows])

    def pictures(self) -> Iterator[FloatImage]:
        """Each picture: float32, range 0..1, (H, W) if grey, else (H, W, 3) RGB."""
        for row in self.rows:
            path = self.folder / row["path"]
            colour = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
            if colour is None:
                raise ValueError(f"{path} cannot be read")
            grey = (colour == colour[..., :1]).all()
            kept = colour[..., 0] if grey else colour
            yield np.ascontiguousarray(kept, np.float32) / np.float32(255)

    def parts(self) -> dict[str, Mask]:
        """The whole set, and each origin apart if there are several."""
        origin = np.array([_ORIGINS.get(site, site) for site in self.column("site")])
        names = sorted(set(origin.tolist()) - {""})
        whole = {self.name: np.ones(len(self.rows), bool)}
        apart = {f"{self.name}, {name}": origin == name for name in names if len(names) > 1}
        return whole | apart


@dataclass(frozen=True, slots=True)
class Precision:
    """Means over queries: of the first hit, of the first five, and of average precision."""

    p1: float
    p5: float
    map: float


def read_set(*folders: Path) -> LabelledSet:
    """The set of one or more folders, each with a `cases.csv`; JPEG and PNG files alone."""
    root = folders[0] if len(folders) == 1 else folders[0].parent
    rows = []
    for folder in folders:
        with (folder / "cases.csv").open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                row["path"] = str((folder / row["path"]).relative_to(root))
                if Path(row["path"]).suffix.lower() in _PICTURES:
                    rows.append(row)
    return LabelledSet(root.name, root, tuple(rows))


def precision(vectors: FloatImage, chosen: LabelledSet, part: Mask) -> Precision:
    """How well `vectors`, float32 (n, dim), find the label of their pictures by inner product.

    `part`: bool (n,), the pictures that ask and are asked. A query without any other picture of its
    label is left out.
    """
    labels, patients = chosen.column("label"), chosen.column("patient_id")
    split = chosen.column("split")
    asked = part & (split != "query")
    asking = part & (split == "query") if (split == "query").any() else asked
    similarity = vectors[asking] @ vectors[asked].T
    own = (patients[asking][:, None] == patients[asked][None]) & (patients[asking][:, None] != "")
    if asking is asked:
        own |= np.eye(int(asked.sum()), dtype=bool)
    relevant = (labels[asking][:, None] == labels[asked][None]) & ~own
    order = np.argsort(np.where(own, np.inf, -similarity), axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1)[relevant.any(axis=1)].astype(np.float64)
    rank = np.arange(1, hits.shape[1] + 1)
    average = (np.cumsum(hits, axis=1) / rank * hits).sum(axis=1) / hits.sum(axis=1)
    return Precision(float(hits[:, 0].mean()), float(hits[:, :5].mean()), float(average.mean()))
