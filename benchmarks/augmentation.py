"""What `cbir augment` brings: python -m benchmarks.augmentation --data FOLDER [--json FILE].

FOLDER is an archive with a `cases.csv` whose column `split` keeps films apart (`query`). A tenth, a
quarter, half and all of its labelled patients are learned from, with and without made films; the
query films measure. What learns is a linear head on the shipped encoder, frozen: it takes seconds,
so every way can be tried on many draws of patients. `--network` trains a small network as well,
for a few settings (`benchmarks/augmentation_network.py`). `--quick` takes the example films.
"""

import argparse
import csv
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from benchmarks.augmentation_films import (
    ON_THE_FLY,
    Originals,
    Vectors,
    enlarged,
    makeable,
    on_the_fly,
)
from benchmarks.augmentation_scores import (
    RESAMPLES,
    Asked,
    Doubles,
    Learn,
    chosen_circles,
    interval,
    probabilities,
    scores,
    source_of,
)
from benchmarks.figures import machine
from benchmarks.films import MANIFEST, films_of
from models.augmenting import TABLE
from models.training.progress import Progress

SHARES = (0.1, 0.25, 0.5, 1.0)
DRAWS = 10
TIMES = 3
NONE, FLY, ALL, EVERY = "none", "on the fly", "all ways", "each way"
_EXAMPLES = Path(__file__).parents[1] / "examples"


@dataclass(frozen=True, slots=True)
class Cell:
    """One measure of one setting on one share of the patients.

    `value`: mean over draws of patients. `gain`: over no augmentation, with its 95 % interval.
    `films`: learned from, made ones among them (mean over draws).
    """

    share: float
    setting: str
    measure: str
    value: float
    low: float
    high: float
    gain: float
    gain_low: float
    gain_high: float
    films: float


@dataclass(frozen=True, slots=True)
class Size:
    """How large the measurement is."""

    shares: tuple[float, ...] = SHARES
    draws: int = DRAWS
    times: int = TIMES
    ways: tuple[str, ...] = tuple(TABLE)
    versions: int = ON_THE_FLY
    resamples: int = RESAMPLES


QUICK = Size((0.5, 1.0), 2, 1, ("geometry", "mix"), 1, 50)


def settings(
    data: Path, work: Path, size: Size, progress: Progress
) -> tuple[Originals, dict[str, Vectors], dict[str, int]]:
    """The archive's films, those of each setting, and how many each could not make."""
    ways = [way for way in size.ways if makeable(data, work, way)]
    originals, mixed, missed = enlarged(data, work, ways, size.times, progress)
    left_out = {ALL: missed}
    found: dict[str, Vectors] = {NONE: _joined([], originals)}
    if find_spec("torchvision"):
        found[FLY] = on_the_fly(originals, size.versions)
    for way in ways:
        _, found[way], left_out[way] = enlarged(data, work, [way], size.times, progress)
    found[ALL] = mixed
    found[EVERY] = _joined([found[way] for way in ways], originals)
    return originals, found, left_out


def _joined(parts: Sequence[Vectors], like: Originals) -> Vectors:
    return Vectors(
        np.concatenate([like.vectors[:0], *(part.vectors for part in parts)]),
        np.concatenate([like.labels[:0], *(part.labels for part in parts)]),
        tuple(owners for part in parts for owners in part.owners),
        np.concatenate([like.query[:0], *(part.query for part in parts)]),
    )


def learn_of(originals: Originals, made: Vectors, circles: set[str]) -> Learn:
    """The films of these circles, and those made of them alone."""
    own = np.flatnonzero(
        ~originals.query & np.isin(originals.circle, sorted(circles)) & (originals.labels != "")
    )
    circle_of = {
        patient: str(originals.circle[row]) for row in own for patient in originals.owners[row]
    }
    rows = [
        row
        for row, owners in enumerate(made.owners)
        if made.labels[row] and owners <= circle_of.keys()
    ]
    groups = [circle_of[min(made.owners[row])] for row in rows]
    return Learn(
        np.concatenate([originals.vectors[own], made.vectors[rows]]),
        np.concatenate([originals.labels[own], made.labels[rows]]),
        np.concatenate([originals.circle[own], np.array(groups, originals.circle.dtype)]),
        len(own),
    )


def measure(
    originals: Originals, found: Mapping[str, Vectors], size: Size, progress: Progress
) -> Iterator[Cell]:
    """Every setting on every share."""
    classes = tuple(sorted(set(originals.labels[~originals.query].tolist()) - {""}))
    rows = np.flatnonzero(originals.query & np.isin(originals.labels, classes))
    patients = [min(originals.owners[row]) for row in rows]
    source = np.array([source_of(patient) for patient in patients])
    train = ~originals.query
    asked = Asked.of(originals.labels[rows], source, patients, classes, size.resamples)
    done, total = 0, len(size.shares) * len(found)
    for share in size.shares:
        told: dict[str, dict[str, Doubles]] = {}
        films: dict[str, float] = {}
        for name, made in found.items():
            draws = []
            for draw in range(size.draws if share < 1 else 1):
                circles = chosen_circles(
                    originals.circle[train], originals.labels[train], share, draw
                )
                learn = learn_of(originals, made, circles)
                draws.append(
                    (scores(probabilities(learn, originals.vectors[rows], classes), asked), learn)
                )
            told[name] = {key: np.stack([one[key] for one, _ in draws]) for key in draws[0][0]}
            films[name] = float(np.mean([len(learn.labels) for _, learn in draws]))
            done += 1
            progress("fit", done, total)
        yield from _cells(share, told, films)


def _cells(
    share: float, told: Mapping[str, Mapping[str, Doubles]], films: Mapping[str, float]
) -> Iterator[Cell]:
    for name, measures in told.items():
        for key, values in measures.items():
            value = interval(values, np.random.default_rng(0))
            gain = interval(values - told[NONE][key], np.random.default_rng(0))
            yield Cell(share, name, key, *value, *gain, films[name])


def table(cells: Sequence[Cell]) -> str:
    """Markdown: a table a measure, a column a share; what is surely gained or lost in bold."""
    lines = []
    for key in dict.fromkeys(cell.measure for cell in cells):
        part = [cell for cell in cells if cell.measure == key]
        shares = list(dict.fromkeys(cell.share for cell in part))
        lines += ["", f"**{key}**", "", "| | " + " | ".join(f"{s:.0%}" for s in shares) + " |"]
        lines.append("|---" * (len(shares) + 1) + "|")
        for name in dict.fromkeys(cell.setting for cell in part):
            row = [_shown(cell) for cell in part if cell.setting == name]
            lines.append(f"| {name} | " + " | ".join(row) + " |")
    return "\n".join(lines[1:])


def _shown(cell: Cell) -> str:
    if cell.setting == NONE:
        return f"{cell.value:.3f} ({cell.low:.3f} to {cell.high:.3f})"
    sure = cell.gain_low > 0 or cell.gain_high < 0
    gain = f"{cell.gain:+.3f} ({cell.gain_low:+.3f} to {cell.gain_high:+.3f})"
    return f"**{gain}**" if sure else gain


def examples(folder: Path) -> Path:
    """The example films, archive and queries in one folder with one manifest."""
    rows = []
    for name in ("archive", "queries"):
        shutil.copytree(_EXAMPLES / name, folder / name)
        split = "query" if name == "queries" else "archive"
        for film in films_of(folder / name):
            rows.append({**film.row, "path": f"{name}/{film.row['path']}", "split": split})
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return folder


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.augmentation")
    parser.add_argument("--data", type=Path, help="an archive with a column `split`")
    parser.add_argument("--quick", action="store_true", help="the example films, two ways")
    parser.add_argument("--network", action="store_true", help="train a small network as well")
    parser.add_argument("--work", type=Path, help="keep films there, to go on after interruption")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    if told.data is None and not told.quick:
        raise SystemExit("--data FOLDER is needed, or --quick")
    cv2.setNumThreads(1)
    size = QUICK if told.quick else Size()
    with tempfile.TemporaryDirectory() as scratch:
        work = told.work or Path(scratch)
        data = examples(Path(scratch) / "examples") if told.quick else told.data
        originals, found, left_out = settings(data, work, size, _progress)
        cells = list(measure(originals, found, size, _progress))
        show(table(cells))
        report = {
            "machine": machine(),
            "size": asdict(size),
            "cells": [asdict(cell) for cell in cells],
            "left_out": left_out,
            "made": {name: len(made.labels) for name, made in found.items()},
        }
        if told.network:
            from benchmarks.augmentation_network import train_all

            report["network"] = train_all(data, work, told.quick, show)
    if told.json:
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _progress(stage: str, done: int, total: int) -> None:
    if done == total or done % 200 == 0:
        sys.stderr.write(f"{stage}: {done} of {total}\n")


if __name__ == "__main__":
    main()
