"""How well retrieval finds cases of the same label on public sets: python -m benchmarks.accuracy.

    python -m benchmarks.accuracy --data FOLDER [--set NAME ...]
                                  [--encoder SET=NAME[@SEGMENTER] ...] [--json FILE]

FOLDER holds the sets' folders. Each is indexed as a user indexes it and evaluated as `cbir
evaluate` does, with all floors; an encoder that was trained on the set's archive side is named by
`--encoder`. Query labels are used to measure alone. Beside the figures stands what each set is to
reach, and for MedMNIST what Mahbod et al. 2025 published, by their measures.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import mahbod2025
from benchmarks.accuracy_sets import HEADROOM, SETS, Films, Wanted, films_of_set
from benchmarks.asked import check_unseen, indexed
from benchmarks.figures import machine
from models.encoders import DEFAULT
from retrieval.evaluation.figures import Evaluation
from retrieval.evaluation.run import Asked, evaluate
from retrieval.report.evaluation import as_json, as_table

KS = (1, 3, 5, 10)
REFINED = "diagnosis"
"""A further row: cases of the suggested diagnosis first (docs/refining.md)."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A set, with what it was indexed by, and what came of it."""

    name: str
    encoder: str
    told: Evaluation
    wanted: tuple[Wanted, ...]


def run(name: str, films: Films, encoder: str, work: Path) -> Evaluation:
    """Indexes both sides of a set and evaluates them; without queries each case asks."""
    check_unseen(encoder, films.queries)
    index = indexed(films.archive, work / "archive", encoder)
    queries = indexed(films.queries, work / "queries", encoder) if films.queries else None
    with tqdm(desc=name, leave=False, disable=None) as bar:

        def step(stage: str, done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        asked = Asked(index, queries, KS, more=mahbod2025.MEASURES, refine=REFINED)
        return evaluate(asked, step).figures


def reached(ran: Ran, wanted: Wanted) -> float:
    """The figure that a target is about. Raises `ValueError` if there is none."""
    if wanted.measure == HEADROOM:
        return headroom(ran.told)
    place = ran.told.measures.index(wanted.measure)
    if not wanted.within:
        return ran.told.systems[0].means[place].micro.value
    for group in ran.told.groups:
        if group.value == wanted.within and group.within is not None:
            return group.within[place].micro.value
    raise ValueError(f"nothing was measured within {wanted.within}")


def refined(told: Evaluation, wanted: Wanted) -> float | None:
    """The same figure of the search refined by the suggestion; None where it is not measured."""
    rows = [system for system in told.systems if system.name == f"refined by {REFINED}"]
    if not rows or wanted.within or wanted.measure == HEADROOM:
        return None
    return rows[0].means[told.measures.index(wanted.measure)].micro.value


def headroom(told: Evaluation) -> float:
    """Of the way from the best single descriptor's mAP to 1, the share that was gone."""
    place = told.measures.index("mAP")
    values = {system.name: system.means[place].micro.value for system in told.systems}
    best = max(value for name, value in values.items() if name in _SINGLE)
    return (values[told.systems[0].name] - best) / (1 - best) if best < 1 else float("nan")


_SINGLE = ("embedding alone", "colour alone", "edge alone")


def as_text(ran: Ran, data: Path) -> str:
    """The tables of a set."""
    return "\n".join(_lines(ran, data))


def _lines(ran: Ran, data: Path) -> Iterator[str]:
    yield f"## {ran.name}, {ran.encoder}"
    yield ""
    yield as_table(ran.told)
    if ran.wanted:
        yield ""
        yield "| to reach | reached | suggested diagnosis first | at least | met |"
        yield "|---|---|---|---|---|"
    for one in ran.wanted:
        value = reached(ran, one)
        within = f" within {one.within}" if one.within else ""
        met = "yes" if value >= one.least else "no"
        more = refined(ran.told, one)
        other = "" if more is None else f"{more:.3f}"
        yield f"| {one.measure}{within} | {value:.3f} | {other} | {one.least:.3f} | {met} |"
    if ran.name in mahbod2025.SETS:
        yield ""
        yield from _published(ran, data / "medmnist")


def _published(ran: Ran, data: Path) -> Iterator[str]:
    yield "By the measures of Mahbod et al. 2025; theirs are of frozen features"
    yield ""
    yield "| | mAP@5 | mMV@5 | ACC@1 | ACC@3 | ACC@5 |"
    yield "|---|---|---|---|---|---|"
    rows = [(one.extractor, one.figures) for one in mahbod2025.published(data, ran.name)]
    rows.append(("raw pixels, by their way", mahbod2025.raw_pixels(data, ran.name)))
    places = [ran.told.measures.index(name) for name in mahbod2025.MEASURES]
    for system in ran.told.systems:
        values = tuple(system.means[place].micro.value for place in places)
        rows.append((f"{system.name} (ours)", values))
    for name, figures in rows:
        yield f"| {name} | {' | '.join(f'{100 * value:.2f}' for value in figures)} |"


def _encoders(told: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in told:
        name, sign, encoder = one.partition("=")
        if not sign or name not in SETS:
            raise ValueError(f"--encoder {one} is not SET=NAME; sets are {', '.join(SETS)}")
        found[name] = encoder
    return found


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy")
    parser.add_argument("--data", type=Path, required=True, help="the folder of all sets")
    parser.add_argument("--set", action="append", choices=list(SETS), help="only these")
    parser.add_argument("--encoder", action="append", default=[], help="SET=NAME[@SEGMENTER]")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    encoders: Mapping[str, str] = _encoders(told.encoder)
    report: dict[str, Any] = {"machine": machine(), "sets": {}}
    for name in told.set or SETS:
        encoder = encoders.get(name, DEFAULT)
        with tempfile.TemporaryDirectory() as work:
            films = films_of_set(name, told.data, Path(work) / "films")
            ran = Ran(name, encoder, run(name, films, encoder, Path(work)), SETS[name].wanted)
        show(as_text(ran, told.data) + "\n")
        targets = [
            {**asdict(one), "reached": reached(ran, one), "refined": refined(ran.told, one)}
            for one in ran.wanted
        ]
        told_of_set = {"encoder": encoder, "targets": targets, **json.loads(as_json(ran.told))}
        report["sets"][name] = told_of_set
    if told.json:
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
