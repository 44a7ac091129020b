"""How well the lungs are found on chest films: Dice and Hausdorff distance against drawn masks.

    python -m benchmarks.segmentation --data FOLDER [--segmenter SPEC] [--retrain] [--json FILE]

FOLDER holds chest films with a `cases.csv` whose rows name masks, sites and splits. The films of
split `query` measure. `--retrain` also trains on one site alone and measures on another, whose
films come from another machine and were outlined by other people.
"""

import argparse
import csv
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.figures import Figure, Limit, machine, table
from indexer.config import Config
from indexer.prepare import mask_of, prepared_scan
from indexer.read import read
from models.arrays import FloatImage, Mask
from models.measures.segmentation import dice, hausdorff_95
from models.segmenters.chest_lungs import MODEL, plausible
from models.segmenters.network import OpenVinoSegmenter
from models.segmenters.otsu import Otsu

LEARNED_FROM, MEASURED_ON = "Shenzhen", "Montgomery"
DICE, DICE_ACROSS = 0.96, 0.95


@dataclass(frozen=True, slots=True)
class Outlined:
    """A film and its mask, both in the film's own size."""

    site: str
    picture: FloatImage
    truth: Mask


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one film's lungs were found. `side`: pixels of the film's longer side."""

    site: str
    dice: float
    hausdorff_px: float
    accepted: bool
    side: int


def outlined(data: Path, sites: Sequence[str], splits: Sequence[str]) -> Iterator[Outlined]:
    """The films that have a mask, as the index would show them."""
    config = Config(segment={"": "none"})
    with (data / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if not row["mask"] or row["split"] not in splits or (sites and row["site"] not in sites):
            continue
        prepared = prepared_scan(read([data / row["path"]]), config)
        shown, truth = prepared.shown, mask_of(data / row["mask"], prepared.cuts)
        if truth is not None and truth.shape == shown.pixels.shape:
            yield Outlined(row["site"], shown.pixels, truth)


def fit(segmenter: OpenVinoSegmenter, film: Outlined) -> Fit:
    """One film's figures; what `chest_lungs` would refuse is measured all the same."""
    found = np.asarray(segmenter.on(film.picture)[0] > 0.5)
    return Fit(
        film.site,
        dice(found, film.truth),
        hausdorff_95(found, film.truth),
        plausible(found),
        max(film.picture.shape),
    )


def floors(films: Sequence[Outlined]) -> dict[str, float]:
    """Mean Dice of what needs no training: a fixed mask, and the threshold of Otsu."""
    shape = (256, 256)
    small = [
        cv2.resize(f.truth.astype(np.float32), shape, interpolation=cv2.INTER_AREA) for f in films
    ]
    usual = np.mean(small, axis=0) > 0.5
    fixed = [dice(np.asarray(usual), np.asarray(mask > 0.5)) for mask in small]
    otsu = [Otsu().segment(film.picture, None) for film in films]
    by_otsu = [
        0.0 if mask is None else max(dice(mask, f.truth), dice(~mask, f.truth))
        for mask, f in zip(otsu, films, strict=True)
    ]
    return {"the mean mask of these films": float(np.mean(fixed)), "Otsu": float(np.mean(by_otsu))}


def figures_of(section: str, fits: Sequence[Fit], limit: float | None) -> list[Figure]:
    """The lines of the table, of all films and of each site."""
    parts = {"all": list(fits)}
    for site in sorted({one.site for one in fits}):
        parts[site] = [one for one in fits if one.site == site]
    found = []
    for name, some in parts.items():
        scores = np.array([one.dice for one in some])
        distances = np.array([one.hausdorff_px for one in some])
        first = name == "all"
        bound = Limit(limit, at_least=True) if limit and first else None
        found += [
            Figure(
                section, f"{name}: Dice, mean of {len(some)} films", float(scores.mean()), "", bound
            ),
            Figure(section, f"{name}: Dice, 5th percentile", float(np.percentile(scores, 5)), ""),
            Figure(
                section,
                f"{name}: Hausdorff 95 %, median",
                float(np.median(distances)),
                f"px of {some[0].side}",
            ),
            Figure(section, f"{name}: Hausdorff 95 %, mean", float(distances.mean()), "px"),
        ]
        if first:
            share = float(np.mean([one.accepted for one in some]))
            found.append(Figure(section, "all: taken for two lungs", 100 * share, "%"))
    return found


def retrained(data: Path, folder: Path) -> OpenVinoSegmenter:
    """A segmenter that has only seen the films of one site."""
    from indexer.learn.segmenter import (
        AUGMENTATION,
        SETTINGS,
        SegmenterAsked,
        train_segmenter,
    )
    from models.training.augment import Augmentation
    from models.training.settings import TrainingSettings

    archive = folder / "archive"
    with (data / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["mask"] and row["site"] == LEARNED_FROM]
    for row in rows:
        row["split"] = ""
        for column in ("path", "mask"):
            target = archive / row[column]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data / row[column], target)
    with (archive / "cases.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    learned = train_segmenter(
        archive,
        folder / "run",
        SegmenterAsked(name="one-site"),
        TrainingSettings.from_json(dict(SETTINGS)),
        Augmentation.from_json(dict(AUGMENTATION)),
        _say,
    )
    return OpenVinoSegmenter.load(str(learned.spec))


def _say(stage: str, done: int, total: int) -> None:
    if done == total or done % 50 == 0:
        print(f"segmentation: {stage} {done} of {total}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.segmentation")
    parser.add_argument("--data", type=Path, required=True, help="films with masks")
    parser.add_argument("--segmenter", default=MODEL, help="a name, or the path of a spec")
    parser.add_argument("--across", help="a segmenter that has seen one site alone, by its spec")
    parser.add_argument("--retrain", action="store_true", help="train that one now (20 minutes)")
    parser.add_argument("--json", type=Path, help="write the figures there")
    told = parser.parse_args(arguments)
    films = list(outlined(told.data, (), ("query",)))
    segmenter = OpenVinoSegmenter.load(told.segmenter)
    found = figures_of("query films", [fit(segmenter, film) for film in films], DICE)
    found += [Figure("floors", f"Dice of {n}", value, "") for n, value in floors(films).items()]
    with tempfile.TemporaryDirectory() as folder:
        other = OpenVinoSegmenter.load(told.across) if told.across else None
        if told.retrain:
            other = retrained(told.data, Path(folder))
        if other is not None:
            fits = [
                fit(other, f) for f in outlined(told.data, (MEASURED_ON,), ("query", "archive"))
            ]
            section = f"{MEASURED_ON}, learned from {LEARNED_FROM}"
            found += figures_of(section, fits, DICE_ACROSS)
    print(table(found))
    if told.json:
        figures = [figure.to_json() for figure in found]
        told.json.write_text(json.dumps({"figures": figures, "machine": machine()}, indent=1))


if __name__ == "__main__":
    main()
