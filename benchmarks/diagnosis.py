"""How well scans are diagnosed, how sure one may be, and what is recognised as strange.

    python -m benchmarks.diagnosis --data chest_xray [--encoder NAME[@SEGMENTER] ...] [--json FILE]
                                   [--ood multimodality] [--near kermany]

The films of `--data` with split=archive are indexed as a user indexes them, once for each encoder;
each film with split=query, of other patients, is asked about. Intervals are 95 %, by bootstrap over
patients. `--ood` and `--near` are folders of other pictures, with a `cases.csv`, to be told apart.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks import asked, floors
from benchmarks.asked import Asked, ask, check_apart, check_unseen, indexed, predictions, site_of
from benchmarks.diagnosis_report import (
    Reached,
    Strange,
    System,
    as_json,
    as_text,
    reached,
    strange_of,
)
from benchmarks.films import Film, films_of
from models.encoders import DEFAULT
from retrieval.index import OpenIndex
from retrieval.search import Engine

NEAR_SPLIT = "test"


@dataclass(frozen=True, slots=True)
class Sets:
    """The films of a run. `strange`, `near`: by group, to be told from the archive's."""

    archive: list[Film]
    queries: list[Film]
    strange: dict[str, list[Film]]
    near: dict[str, list[Film]]


def sets_of(data: Path, ood: Path | None, near: Path | None) -> Sets:
    """The films of the folders. Raises `ValueError` if a patient is on two sides."""
    films = films_of(data)
    archive = [film for film in films if film.row["split"] == "archive"]
    queries = [film for film in films if film.row["split"] == "query"]
    check_apart(archive, queries)
    strange: dict[str, list[Film]] = {}
    close: dict[str, list[Film]] = {}
    for film in films_of(ood) if ood else ():
        place = close if _is_chest_film(film) else strange
        place.setdefault(_group(film), []).append(film)
    for film in films_of(near) if near else ():
        if film.row.get("split", NEAR_SPLIT) == NEAR_SPLIT and near:
            close.setdefault(near.name, []).append(film)
    return Sets(archive, queries, strange, close)


def _is_chest_film(film: Film) -> bool:
    return (film.row.get("modality"), film.row.get("body_part")) == ("CR", "CHEST")


def _group(film: Film) -> str:
    """The collection, and what it shows: `medical_mnist, HAND`."""
    source = Path(film.row["path"]).parts[0]
    modality, part = film.row.get("modality") or "", film.row.get("body_part") or ""
    return f"{source}, {' '.join(filter(None, (modality, part)))}".rstrip(", ")


def run(sets: Sets, encoders: Sequence[str], work: Path) -> tuple[list[System], list[Reached]]:
    """The floors, and what each encoder's index reached."""
    sites = tuple(site_of(film.row["path"], film.row.get("site")) for film in sets.queries)
    raw = floors.raw_pixels(sets.archive, sets.queries)
    systems = [System("raw 32 x 32 pixels", raw, sites)]
    found = []
    for encoder in encoders:
        check_unseen(encoder, sets.queries)
    for number, encoder in enumerate(dict.fromkeys((DEFAULT, *encoders))):
        folder = work / str(number)
        index = indexed(sets.archive, folder / "archive", encoder)
        if encoder == DEFAULT:
            queries = indexed(sets.queries, folder / "queries", encoder)
            systems += _frozen_floors(index, queries)
        if encoder in encoders:
            found.append(_asked(encoder, index, sets))
    return systems, found


def _frozen_floors(archive: Path, queries: Path) -> list[System]:
    opened, asked = OpenIndex(archive), OpenIndex(queries)
    try:
        known, new = floors.side_of(opened), floors.side_of(asked)
        head, weights = opened.heads.diagnosis, opened.vote_weights
        return [
            System("constant class", floors.constant(known, new), new.sites),
            System(
                f"{DEFAULT}, vote of the nearest", floors.vote(head, weights, known, new), new.sites
            ),
            System(f"{DEFAULT}, LDA", floors.lda(known, new), new.sites),
        ]
    finally:
        opened.close()
        asked.close()


def _asked(encoder: str, index: Path, sets: Sets) -> Reached:
    with Engine(index) as engine:
        head = engine.index.heads.diagnosis
        found = list(_shown(engine, sets.queries, encoder))
        familiar = np.array([one.novelty for one in found])
        told: dict[str, list[Strange]] = {}
        for name, groups in (("strange", sets.strange), ("near", sets.near)):
            values = {g: list(_shown(engine, films, g)) for g, films in groups.items()}
            told[name] = strange_of(familiar, values)
        return reached(encoder, predictions(found, head), found, asked.sets(found, head), told)


def _shown(engine: Engine, films: Sequence[Film], name: str) -> list[Asked]:
    with tqdm(total=len(films), desc=name, leave=False, disable=None) as bar:
        return list(ask(engine, films, bar.update))


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.diagnosis")
    parser.add_argument("--data", type=Path, required=True, help="films with a cases.csv and split")
    parser.add_argument(
        "--encoder",
        action="append",
        help="a name, or a spec, then @SEGMENTER or nothing; may be repeated",
    )
    parser.add_argument("--ood", type=Path, help="pictures of other modalities")
    parser.add_argument("--near", type=Path, help="pictures of nearly the same kind")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    sets = sets_of(told.data, told.ood, told.near)
    with tempfile.TemporaryDirectory() as work:
        systems, found = run(sets, told.encoder or [DEFAULT], Path(work))
    show(as_text(systems, found, _counts(sets)))
    if told.json:
        figures: dict[str, Any] = as_json(systems, found, _counts(sets))
        told.json.write_text(
            json.dumps(figures, indent=1, allow_nan=False) + "\n", encoding="utf-8"
        )


def _counts(sets: Sets) -> dict[str, Any]:
    sides = {"archive": sets.archive, "query": sets.queries}
    return {
        name: {
            "films": len(films),
            "patients": len({film.row["patient_id"] for film in films}),
            "labels": dict(sorted(Counter(film.row["label"] for film in films).items())),
        }
        for name, films in sides.items()
    }


if __name__ == "__main__":
    main()
