"""What ways to refine a search bring and cost: python -m benchmarks.refining --data FOLDER.

    python -m benchmarks.refining --data FOLDER [--set NAME ...] [--encoder NAME] [--choose N]
                                  [--part ways|views|marks|words ...] [--json FILE]

FOLDER holds the sets' folders. Each is indexed as a user indexes it. A way's constants are chosen
on the archive, each patient left out, and its figures are those of the query side; of a set without
one, whose cases all ask, those chosen on `chest_xray` are taken. Gains are those over the index's
own search, on the same queries, with 95 % intervals and p over patients.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import refining_marks, refining_words
from benchmarks.accuracy_sets import SETS, Films, films_of_set
from benchmarks.asked import check_unseen, indexed
from benchmarks.figures import machine
from benchmarks.refining_diffusion import Diffusion
from benchmarks.refining_expansion import Expansion
from benchmarks.refining_reciprocal import Reciprocal
from benchmarks.refining_search import Refining
from benchmarks.refining_trial import MEASURES, Outcome, Trial, outcome, trial
from benchmarks.refining_views import VIEWS, viewed
from models.encoders import DEFAULT
from models.measures.paired import Difference, difference
from retrieval.evaluation.refined import Diagnosed
from retrieval.evaluation.systems import System

CHOOSE = 300
DEPTH = 200
SHARES = (0.05, 0.1, 0.2, 0.5, 0.9)
PARTS = ("ways", "views", "marks", "words")
FIRST_SET = "chest_xray"

Form = Callable[[Trial], System]


def _expansion(depth: int, alpha: float) -> Form:
    return lambda told: Refining(told.base, Expansion(depth, alpha), told.people)


def _reciprocal(k1: int, k2: int, share: float) -> Form:
    return lambda told: Refining(told.base, Reciprocal(k1, k2, share, DEPTH), told.people)


def _diffusion(k: int, alpha: float, share: float) -> Form:
    return lambda told: Refining(told.base, Diffusion(k, 4, alpha, share, DEPTH), told.people)


def _diagnosis(share: float) -> Form:
    return lambda told: Diagnosed(told.base, told.votes, told.index.labels, share)


WAYS: Mapping[str, Mapping[str, Form]] = {
    "query expansion, mean": {f"first {n}": _expansion(n, 0) for n in (2, 5, 10, 20)},
    "query expansion, alpha": {
        f"first {n}, alpha {a}": _expansion(n, a) for n in (5, 10, 20) for a in (3, 10)
    },
    "reciprocal neighbours": {
        f"k1 {k1}, k2 {k2}, share {share}": _reciprocal(k1, k2, share)
        for k1, k2 in ((10, 3), (20, 6), (40, 10))
        for share in (0.3, 0.7)
    },
    "diffusion": {
        f"k {k}, alpha {alpha}, share {share}": _diffusion(k, alpha, share)
        for k in (10, 30)
        for alpha in (0.9, 0.99)
        for share in (0.3, 0.7)
    },
    **{f"diagnosis, {share}": {f"share {share}": _diagnosis(share)} for share in SHARES},
}
"""By name: the forms among which the archive chooses, the plainest first."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `gains`: over the first row; none for itself."""

    name: str
    form: str
    outcome: Outcome
    gains: tuple[Difference, ...] = ()


def chosen(told: Trial) -> dict[str, str]:
    """For each way its plainest form within one standard error of the best, on these questions."""
    found = {}
    for name, forms in WAYS.items():
        reached = {
            form: outcome(make(told), told.known(), told.asked) for form, make in forms.items()
        }
        found[name] = plainest(reached, told.patients)
    return found


def plainest(reached: Mapping[str, Outcome], patients: Sequence[str]) -> str:
    """The first form that is within one standard error, over patients, of the best one."""
    best = max(reached, key=lambda form: reached[form].worth)
    for form, one in reached.items():
        apart = (reached[best].values[:, :2] - one.values[:, :2]).mean(axis=1)
        told = difference(apart, np.zeros(len(apart)), patients).interval
        error = (told.high - told.low) / 2 / 1.96
        if not told.value > error:
            return form
    return best


def rows(told: Trial, forms: Mapping[str, str]) -> Iterator[Row]:
    """The index's own search, and each way in its form."""
    plain = outcome(told.base, told.known(), told.asked)
    yield Row("the index's own search", "", plain)
    for name, form in forms.items():
        found = outcome(WAYS[name][form](told), told.known(), told.asked)
        yield Row(name, form, found, _gains(found, plain, told.patients))


def view_rows(told: Trial) -> Iterator[Row]:
    """The query's embedding as the mean of several views."""
    plain = outcome(told.base, told.known(), told.asked)
    yield Row("the index's own search", "", plain)
    for name, views in VIEWS.items():
        asked = tuple(viewed(told.asked, told.asking, views))
        found = outcome(told.base, told.known(), asked)
        form = f"{len(views)} more runs of the encoder"
        yield Row(name, form, found, _gains(found, plain, told.patients))


def _gains(found: Outcome, plain: Outcome, patients: Sequence[str]) -> tuple[Difference, ...]:
    return tuple(
        difference(found.values[:, at], plain.values[:, at], patients)
        for at in range(len(MEASURES))
    )


def as_text(title: str, found: Sequence[Row]) -> str:
    """A Markdown table: gains in points of mAP and precision@1 with interval and p."""
    lines = [f"### {title}", ""]
    lines.append("| way | form | mAP | P@1 | P@5 | MAP@R | gain in mAP | gain in P@1 | CPU ms |")
    lines.append("|---|---|---|---|---|---|---|---|---|")
    for row in found:
        means = " | ".join(f"{value:.3f}" for value in np.nanmean(row.outcome.values, axis=0))
        gains = " | ".join(map(_gain, row.gains[:2])) or " | "
        cost = f"{row.outcome.cpu_ms:.1f}"
        lines.append(f"| {row.name} | {row.form} | {means} | {gains} | {cost} |")
    return "\n".join(lines)


def _gain(told: Difference) -> str:
    one = told.interval
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f}), p {told.p:.4f}"


def _as_json(found: Sequence[Row]) -> list[dict[str, Any]]:
    return [
        {
            "way": row.name,
            "form": row.form,
            "cpu_ms": row.outcome.cpu_ms,
            **dict(zip(MEASURES, np.nanmean(row.outcome.values, axis=0).tolist(), strict=True)),
            "gains": [{**asdict(one.interval), "p": one.p} for one in row.gains],
        }
        for row in found
    ]


def run(
    name: str, films: Films, work: Path, asked: argparse.Namespace, forms: dict[str, str]
) -> Iterator[tuple[str, Any]]:
    """Each part of a set: its text and its JSON. `forms`: chosen before, or empty; filled here."""
    check_unseen(asked.encoder, films.queries)
    index = indexed(films.archive, work / "archive", asked.encoder)
    queries = indexed(films.queries, work / "queries", asked.encoder) if films.queries else None
    parts = asked.part or PARTS
    if "ways" in parts:
        if queries or not forms:
            with trial(index, None, asked.choose) as told:
                forms |= chosen(told)
                found = list(rows(told, forms))
            yield as_text(f"{name}: ways, archive side", found), _as_json(found)
        with trial(index, queries, asked.most) as told:
            found = list(rows(told, forms))
        yield as_text(f"{name}: ways, those who are asked about", found), _as_json(found)
    if "views" in parts and queries:
        for side, one, most in (("archive", None, asked.choose), ("query", queries, asked.most)):
            with trial(index, one, most) as told:
                found = list(view_rows(told))
            yield as_text(f"{name}: views, {side} side", found), _as_json(found)
    if "marks" in parts and queries:
        with trial(index, None, asked.choose) as told:
            form = refining_marks.chosen(told)
        with trial(index, queries, asked.most) as told:
            yield refining_marks.table(told, form)
    if "words" in parts and name == FIRST_SET:
        yield refining_words.table(films, work / "words", asked.encoder)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refining")
    parser.add_argument("--data", type=Path, required=True, help="the folder of all sets")
    parser.add_argument("--set", action="append", choices=list(SETS), help="default: chest_xray")
    parser.add_argument("--part", action="append", choices=PARTS, help="only these")
    parser.add_argument("--encoder", default=DEFAULT)
    parser.add_argument("--choose", type=int, default=CHOOSE, help="archive cases that choose")
    parser.add_argument("--most", type=int, default=2000, help="questions at most")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    report: dict[str, Any] = {"machine": machine(), "sets": {}}
    forms: dict[str, str] = {}
    for name in told.set or [FIRST_SET]:
        with tempfile.TemporaryDirectory() as work:
            films = films_of_set(name, told.data, Path(work) / "films")
            for text, figures in run(name, films, Path(work), told, forms):
                show(text + "\n")
                report["sets"].setdefault(name, []).append(figures)
    if told.json:
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
