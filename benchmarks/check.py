"""How often the checks of an archive are right: python -m benchmarks.check --data FOLDER.

FOLDER holds `chest_xray` (with a `split`) and, if it is to be measured, `kermany`. Faults are put
into real films. Limits were chosen on one half of the archive's patients, the development half;
what is printed for the rest, for the query films and for `kermany` had no part in it.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks import check_duplicates as duplicates
from benchmarks import check_labels as labels
from benchmarks import check_orientation as orientation
from benchmarks.figures import Figure, machine, table
from benchmarks.films import Film, films_of, make_archive
from indexer.pipeline import Options, build

_CHILDREN = 300
_PARTS = ("orientation", "duplicates", "labels")


def halves(films: Sequence[Film]) -> tuple[list[Film], list[Film]]:
    """The films of two halves of the patients: for development, and the rest."""
    patients = sorted({film.row["patient_id"] for film in films})
    mixed = np.random.default_rng(0).permutation(patients)
    chosen = set(mixed[: len(mixed) // 2].tolist())
    first = [film for film in films if film.row["patient_id"] in chosen]
    return first, [film for film in films if film.row["patient_id"] not in chosen]


def run(data: Path, parts: Sequence[str], scratch: Path, workers: int) -> Iterator[Figure]:
    """Every figure of some parts; what is left to be looked at by a person is written beside."""
    films = films_of(data / "chest_xray")
    archive = [film for film in films if film.row["split"] == "archive"]
    asked = [film for film in films if film.row["split"] == "query"]
    first, rest = halves(duplicates.once(archive))
    index = scratch / "archive.index"
    if "orientation" in parts or "labels" in parts:
        folder = make_archive(archive, len(archive), scratch / "archive")
        build(folder, index, Options(workers=workers))
    if "orientation" in parts:
        groups: dict[str, Sequence[Film]] = {"query films": asked}
        if (data / "kermany").is_dir():
            children = films_of(data / "kermany")
            mixed = np.random.default_rng(0).permutation(len(children))[:_CHILDREN]
            groups["children (kermany)"] = [children[place] for place in sorted(mixed.tolist())]
        yield from orientation.measure(index, groups, scratch / "films", workers)
        for share, films_in in ((0.02, archive), (0.1, archive), (0.1, archive[::10])):
            name = f"wrong-{share}-{len(films_in)}"
            index_in = scratch / f"{name}.index"
            yield from orientation.inside(films_in, scratch / name, index_in, share, workers)
        yield orientation.mirrored(archive, asked, scratch / "films", workers)
    if "duplicates" in parts:
        yield from _duplicates(first, rest, scratch, workers)
    if "labels" in parts:
        told = labels.labelled(index)
        known = {film.row["patient_id"] for film in first}
        here = np.array([patient in known for patient in told.names])
        yield from labels.measure(told, here, "wrong labels, development half")
        yield from labels.measure(told, ~here, "wrong labels, the rest")


def _duplicates(
    first: Sequence[Film], rest: Sequence[Film], scratch: Path, workers: int
) -> Iterator[Figure]:
    for films, name in ((first, "development half"), (rest, "the rest")):
        each = min(duplicates.EACH, len(films) // 12)
        planted = duplicates.plant(films, scratch / name, each)
        index = scratch / f"{name}.index"
        report = duplicates.checked(planted, index, workers)
        if name == "development half":
            yield from duplicates.limit_on(index, planted, workers)
        yield from duplicates.measure(report, planted, f"duplicates, {name} ({len(films)} films)")
        left = duplicates.not_put_in(report, planted)
        (scratch / f"{name}.json").write_text(json.dumps(left, indent=1), encoding="utf-8")


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.check")
    parser.add_argument("--data", type=Path, required=True, help="a folder with chest_xray in it")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--only", choices=_PARTS, help="one part alone")
    parser.add_argument("--keep", type=Path, help="work in this folder and keep it")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    told = parser.parse_args(arguments)
    parts = (told.only,) if told.only else _PARTS
    with tempfile.TemporaryDirectory() as folder:
        scratch = told.keep or Path(folder)
        scratch.mkdir(parents=True, exist_ok=True)
        figures = list(run(told.data, parts, scratch, told.workers))
    show(table(figures))
    if told.json:
        report = {"machine": machine(), "figures": [figure.to_json() for figure in figures]}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
