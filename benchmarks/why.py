"""Do the marked places make a query and its first hit similar? python -m benchmarks.why.

    python -m benchmarks.why --data CHEST_XRAY [--choose] [--apart] [--pairs N]
                             [--json FILE] [--figure FILE]

The archive's films are indexed as a user indexes them, and films ask for their first case. Places
of the picture are then blurred one after the other, in the order of the map; the cosine of its
embedding with the other's should fall faster than in a random order (deletion), and rise faster as
they come back (insertion). `--choose` compares forms of maps on films of the archive alone; without
it, the shown form is measured on films of the query side, over the query and over the hit. With
`--apart` the score is the cosine less that with the archive's mean case: what sets the pair apart.
"""

import argparse
import json
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.accuracy_sets import films_of_set
from benchmarks.asked import indexed
from benchmarks.figures import machine
from benchmarks.films import Film
from benchmarks.floors import side_of
from benchmarks.why_forms import APART, FORMS, SHOWN, Pair
from indexer.describe import WORKER
from indexer.seen import seen, seen_previews
from indexer.workers import WorkerPool
from models.encoders import DEFAULT, Encoder
from models.measures.intervals import Interval, around, draws
from models.measures.predictions import Numbers
from models.runtime.registry import load
from models.saliency.curves import area, deletion, insertion
from models.saliency.removal import most_first
from retrieval.search import Engine, Query
from retrieval.why_places import look

STEPS = 12
RANDOM = 3
"""Random orders of each picture, whose mean is compared with."""

LEAST = "least marked first"
ANY = "random"


@dataclass(frozen=True, slots=True)
class Curves:
    """`deletion`, `insertion`: float64 (pairs, steps + 1), of one order of places."""

    name: str
    deletion: Numbers
    insertion: Numbers


@dataclass(frozen=True, slots=True)
class Measured:
    """Curves over one side of the pairs. `patients`: of each pair's query."""

    side: str
    curves: tuple[Curves, ...]
    patients: tuple[str, ...]

    def ratio(self, name: str, inserted: bool) -> Interval:
        """Mean area in that order over the mean area in random ones, with its interval."""
        areas = {}
        for one in self.curves:
            told = one.insertion if inserted else one.deletion
            areas[one.name] = np.array([area(curve) for curve in told])
        value = float(areas[name].mean() / areas[ANY].mean())
        drawn = [(some @ areas[name]) / (some @ areas[ANY]) for some in draws(self.patients)]
        return around(value, np.concatenate(drawn), self.patients)

    def better(self, name: str) -> float:
        """The share of pairs whose deletion area is below that of random orders."""
        own, any_order = (self._deletion_areas(one) for one in (name, ANY))
        return float((own < any_order).mean())

    def _deletion_areas(self, name: str) -> Numbers:
        (curves,) = (one.deletion for one in self.curves if one.name == name)
        return np.array([area(curve) for curve in curves])


def pairs_of(
    films: Sequence[Film], index: Path, encoder: Encoder
) -> Iterator[tuple[str, Pair, Pair]]:
    """Of each film its patient, and it and its first hit: the query's places, then the hit's."""
    size = encoder.spec.size
    with Engine(index) as engine, WorkerPool(1, WORKER) as pool:
        vectors = side_of(engine.index).blocks["embedding"]
        mean = vectors.mean(axis=0)
        for film in tqdm(films, desc="pairs", disable=None):
            (hit,) = engine.query(Query(film.path, k=1)).hits
            asked = seen(pool, [str(film.path)], engine.index.config, size).pictures[0]
            (found,) = seen_previews(pool, [engine.previews([hit])[hit.instance]], size)
            if found is None:
                raise ValueError(f"the preview of {hit.path} cannot be decoded")
            one, other = look(encoder, [asked, found])
            yield (
                film.row["patient_id"],
                Pair(one, other, mean, encoder),
                Pair(other, one, mean, encoder),
            )


def orders_of(pair: Pair, forms: Sequence[str]) -> dict[str, list[np.ndarray]]:
    """The orders in which places are taken out; of random ones several, others for each picture."""
    drawing = np.random.default_rng(zlib.crc32(pair.one.picture.tobytes()))
    maps = {name: FORMS[name](pair) for name in forms}
    places = maps[forms[0]].size
    return {
        **{name: [most_first(given)] for name, given in maps.items()},
        LEAST: [most_first(-maps[forms[0]])],
        ANY: [drawing.permutation(places) for _ in range(RANDOM)],
    }


def curves_of(pair: Pair, forms: Sequence[str], apart: bool) -> dict[str, tuple[Numbers, Numbers]]:
    """Of each order its deletion and insertion curve."""

    target = pair.other.embedding - (pair.mean if apart else 0)

    def score(pictures: np.ndarray) -> np.ndarray:
        found: np.ndarray = pair.encoder.encode(pictures) @ target
        return found

    return {
        name: (
            np.mean([deletion(*_asked(pair, order), score, STEPS) for order in some], axis=0),
            np.mean([insertion(*_asked(pair, order), score, STEPS) for order in some], axis=0),
        )
        for name, some in orders_of(pair, forms).items()
    }


def _asked(pair: Pair, order: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    return pair.one.picture, order, pair.one.shape


def measured(
    asked: Iterable[tuple[str, Pair, Pair]],
    forms: Sequence[str],
    sides: Sequence[str],
    apart: bool = False,
) -> list[Measured]:
    """Curves over each of `sides`, of "query" and "hit"; `asked` as of `pairs_of`.

    `apart`: of what the cosine is beyond that with the archive's mean case.
    """
    told: dict[str, list[dict[str, tuple[Numbers, Numbers]]]] = {side: [] for side in sides}
    patients = []
    for patient, over_query, over_hit in asked:
        patients.append(patient)
        for side, pair in (("query", over_query), ("hit", over_hit)):
            if side in told:
                told[side].append(curves_of(pair, forms, apart))
    return [
        Measured(
            side,
            tuple(
                Curves(name, *(np.stack([one[name][kind] for one in some]) for kind in (0, 1)))
                for name in some[0]
            ),
            tuple(patients),
        )
        for side, some in told.items()
    ]


def as_table(found: Sequence[Measured]) -> str:
    """Markdown: area ratios with 95 % intervals over patients."""
    lines = [
        "| places of | order | deletion, area / random | pairs below random "
        "| insertion, area / random |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        for curves in one.curves:
            if curves.name == ANY:
                continue
            ratios = [str(one.ratio(curves.name, inserted)) for inserted in (False, True)]
            better = f"{100 * one.better(curves.name):.0f} %"
            lines.append(f"| {one.side} | {curves.name} | {ratios[0]} | {better} | {ratios[1]} |")
    return "\n".join(lines)


def as_object(found: Sequence[Measured]) -> list[dict[str, Any]]:
    """The same, and the mean curves, as JSON."""
    return [
        {
            "side": one.side,
            "pairs": len(one.patients),
            "orders": {
                curves.name: {
                    "deletion": curves.deletion.mean(axis=0).tolist(),
                    "insertion": curves.insertion.mean(axis=0).tolist(),
                    "deletion_ratio": asdict(one.ratio(curves.name, False)),
                    "insertion_ratio": asdict(one.ratio(curves.name, True)),
                    "pairs_below_random": one.better(curves.name),
                }
                for curves in one.curves
            },
        }
        for one in found
    ]


def drawn(films: Sequence[Film], count: int, seed: int = 0) -> list[Film]:
    """At most `count` films, one of a patient, drawn with a fixed seed."""
    of_patient = {film.row["patient_id"]: film for film in films}
    chosen = np.random.default_rng(seed).permutation(len(of_patient))[:count]
    named = list(of_patient.values())
    return [named[at] for at in chosen]


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.why")
    parser.add_argument("--data", type=Path, required=True, help="the folder of chest_xray")
    parser.add_argument("--choose", action="store_true", help="compare forms on archive films")
    parser.add_argument("--apart", action="store_true", help="what sets the pair apart")
    parser.add_argument("--pairs", type=int, default=100, help="films that ask (100)")
    parser.add_argument("--encoder", default=DEFAULT)
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    parser.add_argument("--figure", type=Path, help="draw the curves there (PNG)")
    told = parser.parse_args(arguments)
    shown = [APART if told.apart else SHOWN]
    forms, sides = (list(FORMS), ["query"]) if told.choose else (shown, ["query", "hit"])
    with tempfile.TemporaryDirectory() as work:
        films = films_of_set("chest_xray", told.data.parent, Path(work) / "films")
        index = indexed(films.archive, Path(work) / "archive", told.encoder)
        asking = drawn(films.archive if told.choose else films.queries, told.pairs)
        asked = pairs_of(asking, index, load(told.encoder))
        found = measured(asked, forms, sides, told.apart)
    show(as_table(found))
    if told.figure:
        from benchmarks.why_figure import draw

        beyond = " less that with the mean case" if told.apart else ""
        draw(found, told.figure, f"cosine{beyond}")
    if told.json:
        report = {"machine": machine(), "measured": as_object(found)}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
