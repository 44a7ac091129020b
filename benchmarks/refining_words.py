"""Words against films of which nobody, or only a half, wrote anything.

`spread`: words reach films without a text by what the films whose texts match look like
(`retrieval.refining.spread`). Asked are findings, one word each; relevant is a film without a text
whose hidden report holds the word. Floors: the order of the search by words alone, in which all
such films are equal (so the expectation of a random order).

`both`: a film with its report's words, without the words of its label, asks an archive of which
half the patients have a text; relevant is a film that shares one of these findings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy_sets import Films
from benchmarks.annotation_search import BlindArchive
from benchmarks.asked import indexed
from benchmarks.films import Film
from benchmarks.refining_trial import Trial, trial
from indexer.pipeline import build
from models.arrays import FloatImage, Mask
from models.measures.paired import difference
from models.measures.ranked import Rankings
from models.measures.ranked.average_precision import average_precision
from retrieval.evaluation.systems import Fitted
from retrieval.index import OpenIndex
from retrieval.refining.spread import MATCHING, spread
from retrieval.search import Engine, Query
from retrieval.weighing import scaled, weighted

FINDINGS = ("infiltration", "atelectasis", "effusion", "edema", "consolidation", "pneumonia")
LEAST = 5
FORMS = (10, 20, 50, 200)
TEXT_WEIGHTS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
_BLIND = "split = 'query'"


def table(films: Films, work: Path, encoder: str) -> tuple[str, Any]:
    """The figures of both, as text and as JSON."""
    lines, figures = ["### words: films without a text, found by words"], {}
    for side, form in _spread_sides(films, work):
        lines.append(f"\n{side}\n")
        lines += [
            "| finding | relevant | prevalence | AP by spread | P@10 |",
            "|---|---|---|---|---|",
        ]
        lines += [f"| {name} | " + " | ".join(f"{x:.3g}" for x in row) + " |" for name, row in form]
        figures[side] = dict(form)
    lines += ["\n### words: a film and its words, half of the archive annotated\n"]
    lines += ["| side | text weight | mAP | gain over the picture alone |", "|---|---|---|---|"]
    for side, weight, value, gain in _both(films, work / "both", encoder):
        lines.append(f"| {side} | {weight} | {value:.3f} | {gain} |")
        figures.setdefault(side, {})[str(weight)] = value
    return "\n".join(lines), figures


def _spread_sides(films: Films, work: Path) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """The archive side, with which form is best there; then the query side with the product's."""
    parted = _parted(films.archive)
    blind = BlindArchive(parted, work / "choose")
    build(blind.folder, work / "choose" / "index")
    with Engine(work / "choose" / "index") as engine:
        means = {form: _mean(_by_form(engine.index, parted, form)) for form in FORMS}
    best = max(means, key=lambda form: means[form])
    told = ", ".join(f"{form}: {value:.3f}" for form, value in means.items())
    yield f"archive side, mean AP by form (best {best}): {told}", []
    both = [*_rows(films.archive, "archive"), *_rows(films.queries, "query")]
    blind = BlindArchive(both, work / "report")
    build(blind.folder, work / "report" / "index")
    with Engine(work / "report" / "index") as engine:
        yield f"query side, {MATCHING} that match", _asked(engine, both)


def _rows(films: Sequence[Film], split: str) -> list[tuple[Path, dict[str, str]]]:
    return [(film.path, {**film.row, "split": split}) for film in films if film.row["findings"]]


def _parted(films: Sequence[Film]) -> list[tuple[Path, dict[str, str]]]:
    """The films with a text; every third patient's are asked for."""
    rows = _rows(films, "archive")
    patients = sorted({row["patient_id"] for _, row in rows})
    asked = set(patients[::3])
    return [
        (path, {**row, "split": "query" if row["patient_id"] in asked else "archive"})
        for path, row in rows
    ]


def _truth(
    paths: Sequence[str], films: Sequence[tuple[Path, dict[str, str]]]
) -> Mapping[str, Mask]:
    """Of each finding that enough films have, which of these have it."""
    texts = {row["path"]: row["findings"].lower() for _, row in films}
    found = {name: np.array([name in texts[path] for path in paths]) for name in FINDINGS}
    return {name: own for name, own in found.items() if own.sum() >= LEAST}


def _by_form(
    index: OpenIndex, films: Sequence[tuple[Path, dict[str, str]]], form: int
) -> list[float]:
    """Average precision of each finding among the films without a text."""
    hidden = index.selected(_BLIND)
    paths = index.facts.column("path").to_pylist()
    values = []
    for name, relevant in _truth(paths, films).items():
        words = index.text_vector(name)
        found = spread(index.ranker, index.blocks, words, index.annotated, form)
        blocks: dict[str, FloatImage] = {
            block: words if block == "text" else found.blocks[block] for block in index.searched
        }
        vector = weighted(blocks, scaled(index.weights, blocks))
        order = index.ranker.order(vector, hidden)
        rows = np.array([index.ranker.rows_of([case])[0] for case in order.tolist()])
        values.append(_average(relevant[rows]))
    return values


def _asked(engine: Engine, films: Sequence[tuple[Path, dict[str, str]]]) -> list[tuple[str, Any]]:
    """Through the engine, as `cbir query --text WORD --spread` does."""
    hidden = int(engine.index.selected(_BLIND).sum())
    found = []
    for name in _truth([row["path"] for _, row in films if row["split"] == "query"], films):
        asked = Query(text=name, k=hidden, where=_BLIND, spread=True)
        hits = [hit.path for hit in engine.query(asked).hits]
        relevant = _truth(hits, films)[name]
        row = (int(relevant.sum()), relevant.mean(), _average(relevant), relevant[:10].mean())
        found.append((name, tuple(map(float, row))))
    return found


def _both(films: Films, work: Path, encoder: str) -> Iterator[tuple[str, float, float, str]]:
    """mAP at each weight of the text, of questions of the archive and of the query side."""
    some = sorted({film.row["patient_id"] for film in films.archive})[::2]
    half = [
        replace(film, row={**film.row, "findings": ""}) if film.row["patient_id"] in some else film
        for film in films.archive
    ]
    index = indexed(half, work / "archive", encoder)
    queries = indexed(films.queries, work / "queries", encoder)
    texts = {
        film.row["path"]: film.row["findings"].lower() for film in (*films.archive, *films.queries)
    }
    for side, asking in (("archive", None), ("query", queries)):
        with trial(index, asking, 2000) as told:
            values = {weight: _values(told, texts, weight) for weight in TEXT_WEIGHTS}
            patients = told.patients
        for weight, own in values.items():
            gain = difference(own, values[0.0], patients)
            yield side, weight, float(np.nanmean(own)), f"{gain.interval}, p {gain.p:.4f}"


def _values(told: Trial, texts: Mapping[str, str], weight: float) -> np.ndarray:
    """Average precision of each question, NaN for one without a finding but its label."""
    paths = told.index.facts.select(["case_id", "path"]).to_pylist()
    of_case = {row["case_id"]: _findings(row["path"], texts) for row in paths}
    sets = [of_case[case] for case in told.index.case_ids]
    asking = dict(
        zip(
            told.asking.facts.column("case_id").to_pylist(),
            told.asking.facts.column("path").to_pylist(),
            strict=True,
        )
    )
    folds = [replace(one, weights=_with_text(one, weight)) for one in told.base.folds]
    system = replace(told.base, folds=folds)
    found = []
    for question in told.asked:
        own = _findings(asking[question.case_id], texts)
        if not own:
            found.append(float("nan"))
            continue
        words = told.index.text_vector(" ".join(sorted(own)))
        blocks = {**question.blocks, "text": words}
        order = system.order(replace(question, blocks=blocks), ~question.own)
        shared = [not own.isdisjoint(sets[case]) for case in order.tolist()]
        found.append(_average(np.array(shared, bool)))
    return np.array(found)


def _with_text(fitted: Fitted, weight: float) -> dict[str, float]:
    pictures = {name: own for name, own in fitted.weights.items() if name != "text"}
    total = sum(pictures.values())
    return {name: (1 - weight) * own / total for name, own in pictures.items()} | {"text": weight}


def _findings(path: str, texts: Mapping[str, str]) -> set[str]:
    """Without the label's own word."""
    text = texts[path.removeprefix("0/")]
    return {name for name in FINDINGS if name in text and name != "pneumonia"}


def _average(relevant: Mask) -> float:
    if not relevant.any():
        return float("nan")
    found = Rankings(
        relevant.astype(np.intp)[None], np.ones(1, np.intp), np.array([relevant.sum()], np.intp)
    )
    return float(average_precision(found)[0])


def _mean(values: Sequence[float]) -> float:
    return float(np.nanmean(values))
