"""Whether a region finds its like: python -m benchmarks.region_search --data ../shared/data.

Two archives are built from films of the split `archive` and asked with regions of films of the
split `query` (`benchmarks.region_films`): a lung's box asks for films of the same label, and
whether the same lung is pointed at; a pasted patch asks for films with a patch of its kind. Beside
the region search: whole films, by the product's own search; template matching of raw pixels; and
chance. With 95 % intervals by bootstrap over patients. Parameters were chosen on `archive` films.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.figures import machine
from benchmarks.films import films_of
from benchmarks.region_films import Box, Marked, lungs, manifest, pasted
from indexer.pipeline import Options, build
from indexer.region import Region
from models.measures.intervals import Interval, around, draws
from retrieval.query import Query
from retrieval.regional import ByRegion
from retrieval.search import Engine

MEASURES = ("P@1", "P@5", "mAP", "place")
_MATCH_PX = 64
_SCALES = (0.8, 1.0, 1.25)
_PLACED = 5  # hits whose place is looked at

Scores = NDArray[np.float64]
Centres = NDArray[np.float64]
System = Callable[[Marked, Box], tuple[Scores, Centres | None]]


@dataclass(frozen=True, slots=True)
class Told:
    """What each question got of each measure, whose film asked, and CPU-seconds a question."""

    values: NDArray[np.float64]
    patients: tuple[str, ...]
    cpu_s: float

    def figures(self) -> dict[str, Interval]:
        """Each measure with its interval; NaN where a system names no place."""
        weights = np.concatenate(list(draws(self.patients)))
        found = {}
        for name, column in zip(MEASURES, self.values.T, strict=True):
            known = ~np.isnan(column)
            if not known.any():
                found[name] = Interval(np.nan, np.nan, np.nan)
                continue
            often = weights[:, known]
            means = often @ column[known] / np.maximum(often.sum(axis=1), 1)
            found[name] = around(float(column[known].mean()), means, self.patients)
        return found


class Systems:
    """Ways to order the films of an archive by a region of a film."""

    def __init__(self, engine: Engine, archive: Sequence[Marked]) -> None:
        """`archive`: the films of the index, in any order."""
        self._engine, self._archive = engine, archive
        paths = engine.index.facts.column("path").to_pylist()
        place = {name: row for row, name in enumerate(paths)}
        self._rows = [place[film.path.name] for film in archive]
        self._small = [_small(film.path) for film in archive]
        self._learned = "learned" in engine.index.searched
        self._random = np.random.default_rng(0)

    def region(self, film: Marked, box: Box) -> tuple[Scores, Centres | None]:
        """The region search: each film's score, and the centre of its best window."""
        scan = self._engine.described(film.path, 0, Region(*box))
        values, boxes = ByRegion(self._engine.index, scan).windows()
        values, boxes = values[self._rows], boxes[self._rows]
        return values.astype(float), boxes[:, :2] + boxes[:, 2:] / 2

    def whole(self, film: Marked, box: Box) -> tuple[Scores, Centres | None]:
        """The product's own search with the whole film, with what the archive's labels taught."""
        return self._whole(film, {})

    def looks(self, film: Marked, box: Box) -> tuple[Scores, Centres | None]:
        """The same by looks alone; the region search knows no labels either."""
        return self._whole(film, {"learned": 0.0} if self._learned else {})

    def _whole(self, film: Marked, weights: dict[str, float]) -> tuple[Scores, Centres | None]:
        answer = self._engine.query(Query(scan=film.path, k=len(self._archive), weights=weights))
        scores = np.full(len(self._engine.index.facts), -np.inf)
        for hit in answer.hits:
            scores[hit.instance] = hit.score
        return scores[self._rows], None

    def pixels(self, film: Marked, box: Box) -> tuple[Scores, Centres | None]:
        """Raw pixels: the region's, by normalised correlation, at three sizes and all places."""
        own, size = _small(film.path), _size(film.path)
        share = [box[0] / size[0], box[1] / size[1], box[2] / size[0], box[3] / size[1]]
        x, y, w, h = (round(one * _MATCH_PX) for one in share)
        patch = own[y : y + max(h, 2), x : x + max(w, 2)]
        found = [self._matched(one, patch) for one in self._small]
        return np.array([one[0] for one in found]), np.array([one[1] for one in found])

    def chance(self, film: Marked, box: Box) -> tuple[Scores, Centres | None]:
        """In no order, at no place."""
        count = len(self._archive)
        return self._random.random(count), self._random.random((count, 2))

    def _matched(
        self, film: NDArray[np.float32], patch: NDArray[np.float32]
    ) -> tuple[float, tuple[float, float]]:
        best, centre = -2.0, (0.5, 0.5)
        for scale in _SCALES:
            size = [min(_MATCH_PX, max(2, round(n * scale))) for n in patch.shape[::-1]]
            template = cv2.resize(patch, size, interpolation=cv2.INTER_LINEAR)
            scores = cv2.matchTemplate(film, template, cv2.TM_CCOEFF_NORMED)
            _, most, _, (x, y) = cv2.minMaxLoc(np.nan_to_num(scores, nan=-1.0))
            if most > best:
                best = float(most)
                centre = ((x + size[0] / 2) / _MATCH_PX, (y + size[1] / 2) / _MATCH_PX)
        return best, centre


def _size(path: Path) -> tuple[int, int]:
    rows, columns = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)).shape
    return columns, rows


def _small(path: Path) -> NDArray[np.float32]:
    picture = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.float32)
    side = (_MATCH_PX, _MATCH_PX)
    return np.asarray(cv2.resize(picture, side, interpolation=cv2.INTER_AREA), np.float32)


def asked(system: System, archive: Sequence[Marked], questions: Sequence[Marked]) -> Told:
    """Every box of every question, against films of other patients."""
    sizes = [_size(film.path) for film in archive]
    values, patients = [], []
    began = time.process_time()
    for film in questions:
        others = np.array([one.patient != film.patient for one in archive])
        relevant = np.array([one.label == film.label for one in archive])
        for side, box in enumerate(film.boxes):
            scores, centres = system(film, box)
            order = [n for n in np.argsort(-scores, kind="stable") if others[n]]
            right = relevant[order]
            ranks = np.flatnonzero(right) + 1
            precision = np.cumsum(right)[right] / ranks
            told = [right[0], right[:5].mean(), precision.mean()]
            hits = [n for n in order if relevant[n]][:_PLACED]
            inside = [
                np.nan if centres is None else _inside(centres[n], archive[n].boxes[side], sizes[n])
                for n in hits
            ]
            values.append([*map(float, told), float(np.mean(inside))])
            patients.append(film.patient)
    seconds = (time.process_time() - began) / len(values)
    return Told(np.array(values), tuple(patients), seconds)


def _inside(centre: NDArray[np.float64], box: Box, size: tuple[int, int]) -> float:
    x, y = centre[0] * size[0], centre[1] * size[1]
    return float(box[0] <= x <= box[0] + box[2] and box[1] <= y <= box[1] + box[3])


def task(archive: Sequence[Marked], questions: Sequence[Marked], folder: Path) -> dict[str, Any]:
    """Every system's figures on one archive, and what its cells take on disk."""
    root = manifest(archive, folder)
    build(root, folder.parent / f"{folder.name}-index", Options())
    with Engine(folder.parent / f"{folder.name}-index") as engine:
        systems = Systems(engine, archive)
        ways: dict[str, System] = {
            "region": systems.region,
            "whole, looks": systems.looks,
            "whole, taught": systems.whole,
            "raw pixels": systems.pixels,
            "chance": systems.chance,
        }
        found = {name: asked(way, archive, questions) for name, way in ways.items()}
        files = engine.index.generation.manifest["files"]
        kept = sum(told["bytes"] for name, told in files.items() if name.startswith("regions/"))
    told = {n: {m: i.to_json() for m, i in one.figures().items()} for n, one in found.items()}
    for name, one in found.items():
        print(f"  {name:13}" + "".join(f"  {m} {i}" for m, i in one.figures().items()), flush=True)
    seconds = {name: one.cpu_s for name, one in found.items()}
    print(
        f"  {len(archive)} films, {sum(len(q.boxes) for q in questions)} regions ask; "
        f"{kept / len(archive):.0f} bytes of cells an image; CPU-s of this process a question: "
        + ", ".join(f"{name} {one:.2f}" for name, one in seconds.items())
    )
    return {"figures": told, "bytes": kept / len(archive), "cpu_s": seconds}


def main() -> None:
    """Reads its arguments, asks, and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="../shared/data")
    parser.add_argument("--films", type=int, default=400, help="in each archive, at most")
    parser.add_argument("--questions", type=int, default=80, help="films that ask, at most")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    chest = given.data / "chest_xray"
    films = films_of(chest)
    sides = {s: [f for f in films if f.row["split"] == s] for s in ("archive", "query")}
    patches = films_of(given.data / "multimodality")
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / one for one in ("lungs", "pasted", "asking")]
        for folder in folders:
            folder.mkdir()
        random = np.random.default_rng(0)
        mixed = {s: [some[i] for i in random.permutation(len(some))] for s, some in sides.items()}
        print("lungs: films of the same label; the place: the same lung", flush=True)
        masked = {side: lungs(some, chest) for side, some in mixed.items()}
        told = {
            "lungs": task(
                masked["archive"][: given.films], masked["query"][: given.questions], folders[0]
            )
        }
        print("pasted: films with a patch of the same kind; the place: the patch", flush=True)
        archive = pasted(mixed["archive"][: given.films], patches[::2], folders[1], 2, 1)
        asking = pasted(mixed["query"][: given.questions], patches[1::2], folders[2], 0, 2)
        told["pasted"] = task(archive, asking, folders[1])
    print(machine())
    if given.json:
        given.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
