"""Cases of many pictures: python -m benchmarks.volumes --data FOLDER [--views FOLDER] [--speed].

FOLDER of `--data` holds real CT series, label/patient/*.dcm; that of `--views` is `chest_xray`.
Compared are the aggregations of `retrieval.aggregation`:

    series    a made series asks for its made patient's other series        (simulated)
    slice     a made slice asks for its made patient, and for its place     (simulated)
    views     all films of a patient ask for other patients of their label  (real)
    speed     a series against 1,000 series                                 (vectors made)

What is simulated, and how, is said in `benchmarks.volumes_made`. One origin is the side on which
choices are made, the others are measured; made patients of one origin are on one side only.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, machine, table
from benchmarks.volumes_dicom import truths, write_archive, write_series
from benchmarks.volumes_made import all_scans, bodies, dense, origins
from benchmarks.volumes_speed import SLICES, asked, exact, large, searched
from benchmarks.volumes_tasks import Answered, Trial
from benchmarks.volumes_views import SITE, Views, films, views
from benchmarks.volumes_views import write_archive as write_views
from indexer.pipeline import Options, build
from models.measures.intervals import Interval
from models.measures.paired import Difference
from retrieval import aggregation
from retrieval.index import OpenIndex

CHOOSING = "normal"
FEWER = (4, 8, 16, 32)
_HEADS = ("hit rate@1", "mAP", "off, mm", "within a slice", "mAP gained", "within gained", "ms")


@dataclass(frozen=True, slots=True)
class Side:
    """What was found on one side. `patients`: made ones."""

    name: str
    origins: tuple[str, ...]
    scans: int
    patients: int
    answered: tuple[Answered, ...]

    def to_json(self) -> dict[str, Any]:
        """Without the single questions."""
        told = [asdict(replace(one, asked=())) for one in self.answered]
        return {**asdict(replace(self, answered=())), "answered": told}


@dataclass(slots=True)
class Report:
    """Everything that was measured."""

    sides: list[Side] = field(default_factory=list)
    views: list[Views] = field(default_factory=list)
    films: dict[int, int] = field(default_factory=dict)
    speed: list[Figure] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As the JSON file has it."""
        return {
            "simulated": "all but `views`; see benchmarks/volumes_made.py",
            "machine": machine(),
            "sides": [side.to_json() for side in self.sides],
            "views": [asdict(one) for one in self.views],
            "films_a_case": self.films,
            "speed": [figure.to_json() for figure in self.speed],
        }


def made_index(data: Path, patients: int, each: int, work: Path) -> Path:
    """The index of the made series, built as a user builds it, without labels; kept if there."""
    if not (work / "index").exists():
        archive = write_archive(all_scans(data, patients, each), work / "archive")
        build(archive, work / "index", Options(label_from="none"))
    return work / "index"


def sides(data: Path, work: Path, choosing: str) -> Iterator[Side]:
    """The made series' tasks on the side where choices are made, then on the other."""
    names = [origin.name for origin in origins(data)]
    if choosing not in names or len(names) < 2:
        raise ValueError(f"choices are made on {choosing!r}; there are: {', '.join(names)}")
    index = OpenIndex(work / "index")
    try:
        told = truths(work / "archive")
        rest = tuple(name for name in names if name != choosing)
        for side, own in (("choosing", (choosing,)), ("measured", rest)):
            trial = Trial(index, told, own)
            answered = tuple(_answers(trial))
            yield Side(side, own, len(trial.scans), trial.patients, answered)
    finally:
        index.close()


def _answers(trial: Trial) -> Iterator[Answered]:
    own = aggregation.load(aggregation.DEFAULT)
    first = trial.series(aggregation.DEFAULT, own)
    yield first
    for name in sorted(set(aggregation.TABLE) - {aggregation.DEFAULT}):
        yield trial.series(name, aggregation.load(name)).less(first)
    for slices in FEWER:
        yield trial.series(f"{aggregation.DEFAULT}, {slices} slices", own, slices).less(first)
    alone = trial.single(aggregation.DEFAULT, own)
    yield alone  # of one slice the other ways make the same
    yield trial.single("symmetric", aggregation.load("symmetric")).less(alone)
    yield trial.middle()
    part = trial.third(aggregation.DEFAULT, own)
    yield part
    for name in sorted(set(aggregation.TABLE) - {aggregation.DEFAULT}):
        yield trial.third(name, aggregation.load(name)).less(part)


def speed(data: Path, work: Path, series: int) -> Iterator[Figure]:
    """What a query by a series takes."""
    index = OpenIndex(work / "index")
    try:
        told = large(index, work / "large.faiss", series)
        yield from searched(told)
        yield Figure(
            "search, 64 slices", "first ten as a plain product gives them", exact(told), ""
        )
    finally:
        index.close()
    folder = work / "asked"
    if not folder.exists():
        write_series(dense(bodies(origins(data)[0], 1, seed=1)[0], SLICES + 8), folder)
    for threads in (1, 0):
        yield from asked(work / "index", folder, threads)


def as_text(report: Report) -> str:
    """The tables, as Markdown."""
    lines: list[str] = []
    for side in report.sides:
        lines += _side(side)
    if report.views:
        lines += _views(report)
    if report.speed:
        lines += ["", table(report.speed)]
    return "\n".join(lines)


def _side(side: Side) -> Iterator[str]:
    made = f"{side.scans} of {side.patients} made patients"
    yield f"## Simulated series, {side.name} side: {made}, of {' and '.join(side.origins)}"
    task = ""
    for one in side.answered:
        if one.task != task:
            task = one.task
            yield ""
            heads = (f"{task} ({one.questions})", *_HEADS)
            yield f"| {' | '.join(heads)} |"
            yield "|---" * len(heads) + "|"
        figures = (one.hit, one.average_precision, one.error_mm, one.within)
        gains = [one.beside.average_precision, one.beside.within] if one.beside else []
        shown = [*map(_shown, figures), *map(_gained, gains), *[""] * (2 - len(gains))]
        yield f"| {one.name} | {' | '.join(shown)} | {one.search_ms:.1f} |"
    yield ""


def _views(report: Report) -> Iterator[str]:
    first = report.views[0]
    yield f"## Films of a patient as one case: {SITE}, real, {first.cases} cases"
    yield ""
    yield f"| | mAP, all | mAP, the {first.cases_of_several} of several films | from default | p |"
    yield "|---|---|---|---|---|"
    for one in report.views:
        apart = f"{_shown(one.apart.interval)} | {one.apart.p:.3f}"
        yield f"| {one.name} | {_shown(one.average_precision)} | {_shown(one.several)} | {apart} |"


def _gained(gain: Difference) -> str:
    return f"{gain.interval.value:+.3f} (p {gain.p:.3f})"


def _shown(figure: Interval) -> str:
    if figure.value != figure.value:
        return ""
    places = 1 if abs(figure.value) >= 2 else 3
    low, high = (f"{value:.{places}f}" for value in (figure.low, figure.high))
    return f"{figure.value:.{places}f} ({low} to {high})"


def run(asked: argparse.Namespace, work: Path) -> Report:
    """All that was asked for, in `work`."""
    report = Report()
    made_index(asked.data, asked.patients, asked.each, work)
    report.sides += sides(asked.data, work, asked.choosing)
    if asked.views is not None:
        if not (work / "views-index").exists():
            build(write_views(asked.views, work / "views"), work / "views-index")
        index = OpenIndex(work / "views-index")
        report.films = dict(sorted(films(index).items()))
        report.views = views(index, sorted(aggregation.TABLE))
        index.close()
    if asked.speed:
        report.speed += speed(asked.data, work, asked.series)
    return report


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.volumes", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, required=True, help="real CT series, label/patient")
    parser.add_argument("--views", type=Path, help="chest_xray, with a cases.csv")
    parser.add_argument("--patients", type=int, default=8, help="made patients an origin (8)")
    parser.add_argument("--each", type=int, default=3, help="made scans a patient, 2 or more (3)")
    parser.add_argument("--choosing", default=CHOOSING, help=f"the choices' origin ({CHOOSING})")
    parser.add_argument("--speed", action="store_true", help="also measure seconds")
    parser.add_argument("--series", type=int, default=1000, help="of the speed measurement (1000)")
    parser.add_argument("--work", type=Path, help="keep what is made there, and use it again")
    parser.add_argument("--json", type=Path, help="write the figures there")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="cbir-volumes-") as folder:
        report = run(asked, asked.work or Path(folder))
    print(as_text(report))
    if asked.json is not None:
        asked.json.write_text(json.dumps(report.to_json(), indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
