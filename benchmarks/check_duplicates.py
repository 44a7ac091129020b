"""How well duplicates are found among films of the same kind, many of the same patients."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.changes import NEARLY_THE_SAME, changed
from benchmarks.figures import Figure
from benchmarks.films import MANIFEST, Film
from indexer import commit
from indexer.check import NEAR_DUPLICATE, SAME_BYTES, SAME_PIXELS, TWO_LABELS, TWO_PATIENTS
from indexer.check.material import Material
from indexer.check.near import candidates, compared
from indexer.check.run import Report, check
from indexer.describe import WORKER
from indexer.fit import read_heads
from indexer.pipeline import Options, build
from indexer.workers import WorkerPool
from models.registration import SAME

EACH = 40
"""Films that every change is made to; no film is changed in two ways."""

RECALL = 0.99
"""Share of the development half's changed films that the limit has to keep."""


@dataclass(frozen=True, slots=True)
class Planted:
    """An archive into which copies were put. `copies`: path of a copy -> (change, its original)."""

    folder: Path
    copies: dict[str, tuple[str, str]]


def once(films: Sequence[Film]) -> list[Film]:
    """The films without those that have the bytes of an earlier one."""
    first: dict[bytes, Film] = {}
    for film in films:
        first.setdefault(film.path.read_bytes(), film)
    return list(first.values())


def plant(films: Sequence[Film], folder: Path, each: int = EACH) -> Planted:
    """Copies of films in `folder`, `each` of every change, beside all the films themselves.

    A copy belongs to a patient of its own and has another label, so that both must be noticed.
    """
    rows = []
    for film in films:
        target = folder / film.row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(film.path, target)
        rows.append({**film.row, "mask": ""})
    order = iter(np.random.default_rng(0).permutation(len(films)).tolist())
    copies: dict[str, tuple[str, str]] = {}
    labels = sorted({film.row["label"] for film in films})
    for name in (*NEARLY_THE_SAME, SAME_BYTES, SAME_PIXELS):
        for place in [next(order) for _ in range(each)]:
            film = films[place]
            path = f"copies/{len(copies):04d}" + (".png" if name == SAME_PIXELS else ".jpg")
            _write(film, name, folder / path)
            other = labels[(labels.index(film.row["label"]) + 1) % len(labels)]
            rows.append({**film.row, "path": path, "patient_id": path, "label": other, "mask": ""})
            copies[path] = (name, film.row["path"])
    with (folder / MANIFEST).open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return Planted(folder, copies)


def _write(film: Film, name: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if name == SAME_BYTES:
        shutil.copyfile(film.path, target)
    else:
        changed(film.path, NEARLY_THE_SAME.get(name, lambda picture: picture), target)


def limit_on(index: Path, planted: Planted, workers: int) -> Iterator[Figure]:
    """On the development half: the limit that keeps `RECALL` of the copies that are compared."""
    generation = commit.opened(index)
    lie = read_heads(generation.path / "heads").orientation
    with WorkerPool(workers, WORKER) as pool:
        material = Material(generation.path, generation.manifest["dims"], lie, pool=pool)
        pairs = candidates(material, set())
        alike, _ = compared(material, pool, pairs)
        paths = [film.path for film in material.all_films]
        vectors = material.vectors
    true, false, cosines = [], [], []
    for (one, other), how in alike.items():
        if _is_planted(planted, paths[one], paths[other]):
            true.append(how)
            cosines.append(float(vectors[one] @ vectors[other]) / 3)
        else:
            false.append(how)
    section = "near duplicates, development half"
    changes = sum(name in NEARLY_THE_SAME for name, _ in planted.copies.values())
    yield Figure(section, "films compared with their copy", len(true), f"of {changes} and exact")
    yield Figure(section, "least mean cosine of a copy", min(cosines), "")
    yield Figure(section, "pairs of different films compared", len(false), "pairs")
    yield Figure(section, "their greatest likeness", max(false), "")
    yield Figure(section, f"likeness that {RECALL:.0%} of copies reach", _low(true), "")
    yield Figure(section, "the limit that is used", SAME, "")


def _low(values: Sequence[float]) -> float:
    return float(np.quantile(values, 1 - RECALL))


def _is_planted(planted: Planted, one: str, other: str) -> bool:
    return any(planted.copies.get(a, ("", ""))[1] == b for a, b in ((one, other), (other, one)))


def measure(report: Report, planted: Planted, section: str) -> Iterator[Figure]:
    """What a check of an archive with planted copies found of them."""
    groups = [
        (finding.code, {film.path for film in finding.films}, finding)
        for finding in report.findings
        if finding.code in (NEAR_DUPLICATE, SAME_BYTES, SAME_PIXELS)
    ]
    put_in = Counter(name for name, _ in planted.copies.values())
    found = Counter(
        name
        for path, (name, original) in planted.copies.items()
        if any({path, original} <= paths for _, paths, _ in groups)
    )
    for name, count in put_in.items():
        yield Figure(section, f"{name}: found (recall)", found[name] / count, "share")
    others = [paths for _, paths, _ in groups if not _put_in(planted, paths)]
    right = len(groups) - len(others)
    yield Figure(section, "precision of all groups", right / max(1, len(groups)), "share")
    yield Figure(section, "groups that were not put in", len(others), "groups")
    for code in (TWO_PATIENTS, TWO_LABELS):
        told = {film.path for finding in report.of(code) for film in finding.films}
        share = len(told & planted.copies.keys()) / len(planted.copies)
        yield Figure(section, f"{code}: found (recall)", share, "share")


def _put_in(planted: Planted, paths: set[str]) -> bool:
    """Whether these are one film and copies of it, and nothing else."""
    return len({planted.copies.get(path, ("", path))[1] for path in paths}) == 1


def not_put_in(report: Report, planted: Planted) -> list[list[str]]:
    """The groups of films that were found and not planted, to be looked at."""
    codes = (NEAR_DUPLICATE, SAME_BYTES, SAME_PIXELS)
    groups = [[film.path for film in one.films] for one in report.findings if one.code in codes]
    return [paths for paths in groups if not _put_in(planted, set(paths))]


def checked(planted: Planted, index: Path, workers: int) -> Report:
    """Builds the index of a planted archive, and checks it."""
    build(planted.folder, index, Options(workers=workers))
    return check(index, workers=workers)
