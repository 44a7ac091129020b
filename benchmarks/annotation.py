"""Three ways of annotating: python -m benchmarks.annotation --data FOLDER [--classifier SPEC] ...

FOLDER has a `cases.csv` with the columns `label`, `findings` and `split`; models are named or are
paths of specs, and a way without a model is left out (the shipped lung segmenter always annotates).
Everything is measured on the rows of the split "query", whose patients are on no other side.
`--quick` takes the example films instead. Beside the ways stand the floors and the ceiling.
"""

import argparse
import csv
import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.annotation_search import AT, Asked, BlindArchive, at_random, recall_at
from benchmarks.annotation_table import table
from benchmarks.annotation_ways import (
    LEAST_PRESENT,
    READINGS,
    Films,
    Material,
    Row,
    floors,
    material_of,
    named,
    where,
)
from benchmarks.asked import prepared_for
from benchmarks.figures import machine
from indexer.annotate.run import AnnotateOptions, annotate
from indexer.annotate.table import Annotated
from indexer.learn.findings import NORMAL
from models.annotators import NOTHING_FOUND
from models.measures import findings as measures
from models.measures.predictions import Numbers
from models.runtime import registry


def true_text(row: Row) -> str:
    """What a person would have written of a film: its findings, or else its label."""
    label = NOTHING_FOUND if row["label"].casefold() in NORMAL else row["label"]
    return row.get("findings") or label


def questions(material: Material) -> dict[str, list[Asked]]:
    """The text queries: each finding's word, and each different true text that lists findings."""
    known = material.known
    words = [
        Asked(name.replace("_", " "), np.asarray(known.truth[:, at] == 1, bool))
        for at, name in enumerate(known.names)
    ]
    texts = [row.get("findings", "") for row in material.rows]
    whole = [
        Asked(text, np.array([text == each for each in texts], bool))
        for text in sorted({*texts} - {""})
    ]
    return {"a finding's word": words, "a whole true text": whole}


def searched(
    archive: BlindArchive, material: Material, ways: Mapping[str, Sequence[Annotated]]
) -> dict[str, dict[str, float]]:
    """Recall@k of the text queries for each way; beside it the true texts, and a random order."""
    asked = questions(material)
    words = asked["a finding's word"]
    names = [name.casefold() for name in material.known.names]
    own = [READINGS[name].words if name in READINGS else name for name in names]
    texts = [one.text for kind in asked.values() for one in kind]
    truth = [Annotated(row["path"], true_text(row), "the truth") for row in material.rows]
    table: dict[str, dict[str, float]] = {}
    for way, rows in {**ways, "true annotation": truth}.items():
        scores = archive.scores(rows, [*texts, *own])
        table[way] = _recalls(scores, asked)
        if way == "segmenter":
            in_own = _recalls(scores[len(texts) :], {"a finding's word": words})
            table["segmenter, in its own words"] = in_own
    table["random order"] = {
        f"{kind}, recall@{k}": at_random(len(material.rows), k)
        for kind, some in asked.items()
        for k in AT
        if some
    }
    return table


def _recalls(scores: Numbers, asked: Mapping[str, Sequence[Asked]]) -> dict[str, float]:
    """`scores`: float64 (queries, films), the queries kind after kind."""
    found: dict[str, float] = {}
    start = 0
    for kind, some in asked.items():
        part = scores[start : start + len(some)]
        found |= {f"{kind}, recall@{k}": recall_at(part, some, k) for k in AT if some}
        start += len(some)
    return found


def seen(name: str, films: Films) -> int:
    """How many query films a model has learned from, as far as its list tells."""
    listed = registry.trained_on(prepared_for(name)[0])
    queries = [file for file, row in films if row["split"] == "query"]
    return sum(hashlib.sha256(file.read_bytes()).hexdigest() in listed for file in queries)


def report(
    films: Films, models: Mapping[str, str], folder: Path, least: int = LEAST_PRESENT
) -> dict[str, Any]:
    """All figures. `models`: way -> the model's name, or the path of its spec, as `prepared_for`.

    `folder`: for what is written on the way. `least`: query films that must have a finding.
    """
    material = material_of(films, least)
    archive = BlindArchive(films, folder)
    ways = {}
    for way, model in models.items():
        name, config = prepared_for(model)
        ways[way] = annotate(
            archive.queries, AnnotateOptions((name,), config), lambda *_: None
        ).rows
    told = {
        way: named(material, {row.path: row for row in rows}, reads=way == "segmenter")
        for way, rows in ways.items()
    }
    systems = {**told, **floors(material)}
    lists = material.lists()
    return {
        "films": {"query": len(material.rows), "that list findings": int(lists.sum())},
        "least present": least,
        "learned from query films": {way: seen(name, films) for way, name in models.items()},
        "annotated_by": {way: rows[0].annotated_by for way, rows in ways.items()},
        "all": {way: measures.report(one) for way, one in systems.items()},
        "that list findings": {
            way: measures.report(where(one, lists)) for way, one in systems.items()
        },
        "that list none": {
            way: measures.report(where(one, ~lists)) for way, one in systems.items()
        },
        "search": searched(archive, material, ways),
    }


def _films(data: Path | None, quick: bool) -> Films:
    examples = Path(__file__).parents[1] / "examples"
    folders = [examples / "archive", examples / "queries"] if quick or data is None else [data]
    films = []
    for folder in folders:
        with (folder / "cases.csv").open(encoding="utf-8-sig", newline="") as handle:
            for row in csv.DictReader(handle):
                films.append(
                    (folder / row["path"], {**row, "path": f"{folder.name}/{row['path']}"})
                )
    return films


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.annotation")
    parser.add_argument("--data", type=Path, help="a folder with a cases.csv")
    parser.add_argument("--quick", action="store_true", help="the example films")
    for way in ("classifier", "annotator"):
        told = "a model, or a spec's path; @SEGMENTER behind it if it was trained with --segment"
        parser.add_argument(f"--{way}", default="", help=told)
    parser.add_argument("--segmenter", default="chest-lungs", help="a model, or a spec's path")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args(arguments)
    if given.data is None and not given.quick:
        parser.error("--data FOLDER is needed, or --quick")
    asked = {way: getattr(given, way) for way in ("classifier", "segmenter", "annotator")}
    models = {way: name for way, name in asked.items() if name}
    films = _films(given.data, given.quick)
    with tempfile.TemporaryDirectory() as folder:
        found = report(films, models, Path(folder), 1 if given.quick else LEAST_PRESENT)
    show(table(found))
    if given.json:
        text = json.dumps({"machine": machine(), **found}, indent=1)
        given.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
