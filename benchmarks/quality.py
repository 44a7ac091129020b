"""How often the checks are right: python -m benchmarks.quality --data FOLDER [--json FILE].

FOLDER holds `chest_xray`, and if they are to be measured too `kermany`, `multimodality` and
`chest_ct`, each with its `cases.csv`. Every fault of `benchmarks.faults` is put into every film of
`split=query` (kermany: `test`); what the checks find on the films as they are counts as false,
though real films do have borders and writing. Thresholds were chosen on `split=archive`; `--split
archive` shows the figures there. `--films N`: at most so many films of a set. See docs/quality.md.
"""

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.faults import Fault, faults, film_scan
from benchmarks.figures import machine
from benchmarks.films import Film, films_of
from benchmarks.mends import Nearness, nearness, retrieval
from indexer import read
from indexer.quality.table import findings
from indexer.scan import Scan
from models.arrays import FloatImage

_TEST = {"chest_xray": "query", "kermany": "test"}
_SETS = ("multimodality", "chest_ct")


@dataclass(frozen=True, slots=True)
class Recall:
    """Of one fault at one strength in the films of a set.

    `found`: the share of films in which it was found. `others`: the share with a finding of another
    kind that the film did not have before. `alarms`: the share of untouched films with the same
    finding. `precision`: of that finding among as many films with the fault as without.
    """

    part: str
    fault: str
    strength: str
    films: int
    found: float
    others: float
    alarms: float
    precision: float


@dataclass(frozen=True, slots=True)
class Alarms:
    """What is found on pictures as they are: code -> how many of `pictures`."""

    part: str
    pictures: int
    codes: dict[str, int]


def codes_on(scan: Scan) -> frozenset[str]:
    """The codes of what the checks find, on the middle slice of a volume."""
    number = len(scan.pixels) // 2 if scan.volume else 0
    return frozenset(finding.code for finding in findings(scan, number))


def recalls(part: str, films: Sequence[FloatImage], chosen: Sequence[Fault]) -> list[Recall]:
    """Each fault put into each film: float32 (H, W), 0 to 255."""
    before = [codes_on(film_scan(film)) for film in films]
    return [_recall(part, fault, films, before) for fault in chosen]


def _recall(
    part: str, fault: Fault, films: Sequence[FloatImage], before: Sequence[frozenset[str]]
) -> Recall:
    wanted = frozenset(fault.codes)
    after = [codes_on(fault.make(film)) for film in films]
    found = sum(bool(codes & wanted) for codes in after)
    others = sum(bool(now - then - wanted) for now, then in zip(after, before, strict=True))
    alarms = sum(bool(codes & wanted) for codes in before)
    count = len(films)
    precision = found / (found + alarms) if found + alarms else 0.0
    shares = (found / count, others / count, alarms / count)
    return Recall(part, fault.name, fault.strength, count, *shares, precision)


def alarms(part: str, films: Sequence[Film]) -> Alarms:
    """What is found on files as they are read."""
    counts: Counter[str] = Counter()
    for film in films:
        counts.update(codes_on(read.read([film.path])))
    return Alarms(part, len(films), dict(counts.most_common()))


def levels_of(film: Film) -> FloatImage:
    """A film's grey levels: float32 (H, W), 0 to 255."""
    levels = cv2.imread(str(film.path), cv2.IMREAD_GRAYSCALE)
    if levels is None:
        raise ValueError(f"{film.path} cannot be read")
    return np.asarray(levels, np.float32)


def table_of_recalls(rows: Sequence[Recall]) -> str:
    """Markdown, one line a fault and strength."""
    lines = ["| fault | strength | recall | precision | false alarms | others |", "|" + "---|" * 6]
    part = name = ""
    for row in rows:
        if row.part != part:
            lines.append(f"| **{row.part}** ({row.films} films) | | | | | |")
        shown = "" if (row.part, row.fault) == (part, name) else row.fault
        part, name = row.part, row.fault
        shares = f"{row.found:.3f} | {row.precision:.3f} | {row.alarms:.3f} | {row.others:.3f}"
        lines.append(f"| {shown} | {row.strength} | {shares} |")
    return "\n".join(lines)


def table_of_alarms(rows: Sequence[Alarms]) -> str:
    """Markdown, one line a set."""
    lines = ["| as they are | pictures | found |", "|---|---|---|"]
    for row in rows:
        told = ", ".join(f"{code} {count}" for code, count in row.codes.items())
        lines.append(f"| {row.part} | {row.pictures} | {told or 'nothing'} |")
    return "\n".join(lines)


def table_of_mends(rows: Sequence[Nearness]) -> str:
    """Markdown, one line a fault."""
    head = ("mended", "difference", "colour", "edge", "embedding")
    lines = [f"| fault | strength | {' | '.join(head)} |", "|" + "---|" * 7]
    for row in rows:
        pairs = " | ".join(f"{before:.3f} → {after:.3f}" for before, after in row.pairs())
        lines.append(f"| {row.fault} | {row.strength} | {row.mended:.3f} | {pairs} |")
    return "\n".join(lines)


def _groups(data: Path) -> dict[str, list[Film]]:
    """The pictures of the sets that are only looked at, by source and modality."""
    groups: dict[str, list[Film]] = {}
    for name in _SETS:
        if (data / name / "cases.csv").is_file():
            for film in films_of(data / name):
                source = film.row["path"].split("/")[0] if name == "multimodality" else name
                kind = film.row.get("modality") or "unsaid"
                groups.setdefault(f"{source}, {kind}", []).append(film)
    return groups


def _some(films: Sequence[Film], most: int | None) -> list[Film]:
    if most is None or len(films) <= most:
        return list(films)
    return random.Random(0).sample(list(films), most)


def measure(
    data: Path, split: str, most: int | None, show: Callable[[str], None]
) -> dict[str, Any]:
    """All tables, each shown as soon as it is there; gives the rows by table."""
    found: list[Recall] = []
    seen: list[Alarms] = []
    for name, test in _TEST.items():
        if not (data / name / "cases.csv").is_file():
            continue
        wanted = test if split == "query" else {"query": "archive", "test": "train"}[test]
        chosen = [film for film in films_of(data / name) if film.row["split"] == wanted]
        chosen = _some(chosen, most)
        seen.append(alarms(f"{name}, {wanted}", chosen))
        levels = [levels_of(film) for film in chosen]
        found += recalls(f"{name}, {wanted}", levels, list(faults()))
    show(table_of_recalls(found))
    seen += [alarms(part, _some(films, most)) for part, films in _groups(data).items()]
    show("\n" + table_of_alarms(seen))
    chest = data / "chest_xray"
    films = [film for film in films_of(chest) if film.row["split"] == split]
    mends = nearness([levels_of(film) for film in _some(films, most)])
    show("\n" + table_of_mends(mends))
    effect = retrieval(chest, split, most)
    show("\n" + "\n".join(f"{name}: {value:.4f}" for name, value in effect.items()))
    return {
        "recall": [asdict(row) for row in found],
        "as they are": [asdict(row) for row in seen],
        "mends": [asdict(row) for row in mends],
        "retrieval": effect,
    }


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--data", type=Path, required=True, help="a folder of sets")
    parser.add_argument("--split", choices=["query", "archive"], default="query")
    parser.add_argument("--films", type=int, help="at most so many of each set")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    report = {"machine": machine(), **measure(told.data, told.split, told.films, show)}
    if told.json:
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
