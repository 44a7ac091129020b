"""What each way to make a model smaller costs and brings: python -m benchmarks.compression.

One table: the model as it is, every way alone, two ways one after the other, and as a floor the
student trained without a teacher. Rows are measured on the same films of patients that none of them
has learned from, their speed in turns.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.figures import machine
from indexer.learn.compress import CompressAsked, Source, figures
from models.compress import LIMIT, way
from models.compress.contract import Compressed, Form, Given, Measured, Way, Wishes
from models.compress.distil import Distilling, Student
from models.compress.verdict import refusal
from models.training.classify import Classification
from models.training.loop import Task
from models.training.progress import Progress, silent
from models.training.settings import TrainingSettings
from retrieval.report.compression import table

_EXAMPLES = Path(__file__).parents[1] / "examples" / "archive"
_WORK = Path("runs/compression")
_FLOOR = "untaught"


class Untaught(Distilling):
    """The floor of distillation: the same student, with the same settings, from labels alone."""

    def make(self, given: Given, progress: Progress) -> Compressed:
        """As the class that it is made of."""
        return replace(super().make(given, progress), how=f"{given.wishes.student}, untaught")

    def task(self, given: Given, student: Student, settings: TrainingSettings) -> Task:
        """What it learns."""
        from models.training.augment import Augmentation

        learned = given.split.train
        task = Classification(student.trunk, given.films, learned, settings, Augmentation())
        task.network = student
        return task


def made(source: Source, told: argparse.Namespace) -> Iterator[tuple[str, Compressed]]:
    """Each row's name, and what it measures."""
    kind, base = source.form.spec.kind, source.asked.wishes
    yield "int8", _one(way("int8"), source, base, "int8")
    yield "fp16", _one(way("fp16"), source, base, "fp16")
    trained: list[tuple[str, Way, Wishes]] = []
    if kind != "encoder":
        wishes = [(keep, replace(base, keep=keep)) for keep in told.keep]
        trained += [(f"prune {keep:g}", way("prune"), wish) for keep, wish in wishes]
    for name in told.student if kind != "segmenter" else ():
        taught = replace(base, student=name)
        trained.append((f"distil {name}", way("distil"), taught))
        if kind == "classifier":
            trained.append((f"{name}, {_FLOOR}", Untaught(), taught))
    for name, chosen, wish in trained:
        found = _one(chosen, source, wish, name)
        yield name, found
        if not name.endswith(_FLOOR):
            yield f"{name}, int8", _quantised(found, source)


def _one(chosen: Way, source: Source, wishes: Wishes, name: str) -> Compressed:
    chosen.check(source.form, wishes)
    folder = source.folder / name.replace(" ", "-").replace(",", "")
    return chosen.make(replace(source.given(folder), wishes=wishes), silent)


def _quantised(found: Compressed, source: Source) -> Compressed:
    """What another way has made, in int8 besides."""
    films = source.shown(found.form.spec, silent).films
    given = replace(source.given(source.folder), form=found.form, films=films)
    after = way("int8").make(given, silent)
    return replace(after, how=f"{found.how}, int8")


def measure(
    source: Source, told: argparse.Namespace, show: Callable[[str], None]
) -> tuple[dict[str, Measured], dict[str, str]]:
    """The rows, and why a way was refused by its name, "" where it was kept."""
    forms: dict[str, Form] = {"as it is": source.form}
    how = {}
    for name, found in made(source, told):
        show(f"made: {name}")
        forms[name], how[name] = found.form, found.how
    rows = figures(forms, source, silent)
    before = rows["as it is"]
    verdicts = {
        name: refusal(source.form, how[name], before, rows[name], told.limit) for name in how
    }
    return rows, verdicts


def _quick(work: Path) -> tuple[str, Path]:
    """A small classifier, trained for a moment on the example films: that it works, no more."""
    from indexer.learn.classifier import ClassifierAsked, train_classifier
    from models.training.augment import Augmentation

    asked = ClassifierAsked(network="small", pretrained=False, frozen=0, size=64, workers=1)
    settings = TrainingSettings(epochs=2, batch=16)
    train_classifier(_EXAMPLES, work / "run", asked, settings, Augmentation(), silent)
    return str(work / "run" / "model" / "classifier.json"), _EXAMPLES


def _report(rows: Mapping[str, Measured], verdicts: Mapping[str, str], source: Source) -> Any:
    return {
        "machine": machine(),
        "model": source.form.spec.name,
        "films": source.counts(),
        "remarks": source.remarks(LIMIT),
        "rows": {name: asdict(row) for name, row in rows.items()},
        "refused": {name: sentence for name, sentence in verdicts.items() if sentence},
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compression")
    parser.add_argument("--data", type=Path, help="the archive, as `cbir index` takes it")
    parser.add_argument("--model", help="the spec of the model, or its name")
    parser.add_argument("--run", type=Path, help="its training run, if it is not in its folder")
    parser.add_argument("--keep", type=float, nargs="*", default=[0.75, 0.5], help="for pruning")
    parser.add_argument(
        "--student", nargs="*", default=["small", "efficientnet-lite0-half"], help="for distilling"
    )
    parser.add_argument("--size", type=int, default=0, help="pixels of the students")
    parser.add_argument("--limit", type=float, default=LIMIT, help="the most a figure may fall")
    parser.add_argument("--work", type=Path, default=_WORK, help="a later run goes on from there")
    parser.add_argument("--quick", action="store_true", help="the example films, a small network")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    return parser


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    told = _parser().parse_args(arguments)
    if not told.quick and not (told.data and told.model):
        raise SystemExit("--data FOLDER and --model SPEC are needed, or --quick")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch) if told.quick else told.work
        model, data = _quick(work) if told.quick else (told.model, told.data)
        training = {"epochs": 1, "batch": 16} if told.quick else {}
        students = {"student": ["small"], "keep": [0.5]} if told.quick else {}
        told = argparse.Namespace(**{**vars(told), **students})
        wishes = Wishes(run=told.run, student_px=told.size, training=training)
        asked = CompressAsked(method="int8", wishes=wishes, limit=told.limit)
        source = Source.of(model, data, work / "films", asked, silent)
        rows, verdicts = measure(source, told, show)
    show(table(rows))
    for name, sentence in verdicts.items():
        show(f"{name}: {sentence or 'kept'}")
    for remark in source.remarks(told.limit):
        show(f"!  {remark}")
    if told.json:
        text = json.dumps(_report(rows, verdicts, source), indent=1)
        told.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
