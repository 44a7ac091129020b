"""Films asked about, one by one, through the product: what it answered, beside what is true."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.films import Film, make_archive
from indexer.config import Config
from indexer.pipeline import Options, build
from models.errors import UnreadableScan
from models.heads import DiagnosisHead
from models.heads.conformal import COVERAGE
from models.measures.predictions import Predictions
from models.runtime.registry import trained_on
from retrieval.answer import Diagnosis
from retrieval.diagnosis import not_ruled_out, with_first
from retrieval.search import Engine, Query


@dataclass(frozen=True, slots=True)
class Asked:
    """A film and what was answered."""

    film: Film
    diagnosis: Diagnosis

    @property
    def novelty(self) -> float:
        """How unlike the archive it is, in units of the threshold; NaN where nobody can say."""
        found = self.diagnosis.unlikeness
        return found.value / found.threshold if found else float("nan")


def check_apart(archive: Sequence[Film], queries: Sequence[Film]) -> None:
    """Raises `ValueError` if a patient is on both sides, or a film has none."""
    sides = [{film.row["patient_id"] for film in films} for films in (archive, queries)]
    if "" in sides[0] | sides[1]:
        raise ValueError("a film names no patient, so nobody knows whether he is on two sides")
    both = sides[0] & sides[1]
    if both:
        raise ValueError(f"{len(both)} patients are both in the archive and among the queries")


def check_unseen(encoder: str, queries: Sequence[Film]) -> None:
    """Raises `ValueError` if the encoder was trained on a film that is asked about."""
    seen = trained_on(prepared_for(encoder)[0])
    both = sum(hashlib.sha256(film.path.read_bytes()).hexdigest() in seen for film in queries)
    if both:
        raise ValueError(f"{encoder} was trained on {both} of the films that are asked about")


def indexed(films: Sequence[Film], folder: Path, encoder: str) -> Path:
    """The index of these films, built as a user builds it.

    `encoder`: a name, or the path of a spec. With `@` and a segmenter behind it the box of that
    one's region is described, of every film.
    """
    make_archive(films, len(films), folder / "films")
    name, config = prepared_for(encoder)
    build(folder / "films", folder / "index", Options(config=replace(config, encoder=name)))
    return folder / "index"


def prepared_for(model: str) -> tuple[str, Config]:
    """The name in ``NAME[@SEGMENTER]``, and how films are prepared for that model."""
    name, _, segmenter = model.partition("@")
    return name, Config(segment={"": segmenter}) if segmenter else Config()


def ask(
    engine: Engine, films: Sequence[Film], progress: Callable[[], object] = lambda: None
) -> Iterator[Asked]:
    """Each film's answer; one that cannot be read is left out."""
    for film in films:
        asked = Query(film.path, k=1, patient_id=film.row.get("patient_id", ""))
        try:
            yield Asked(film, engine.query(asked).diagnosis)
        except UnreadableScan:
            continue
        finally:
            progress()


def site_of(path: str, told: str | None) -> str:
    """A film's source: the column `site`, or else how its file's name begins."""
    return told or Path(path).name.partition("_")[0]


def sets(asked: Sequence[Asked], head: DiagnosisHead) -> list[tuple[str, ...]]:
    """The labels that are not ruled out of every film, also where a rule withheld them."""
    ranked = [one.diagnosis.forced for one in asked]
    return [with_first(one, not_ruled_out(head, one, COVERAGE)) for one in ranked]


def predictions(asked: Sequence[Asked], head: DiagnosisHead) -> Predictions:
    """What the head says of every film, also where a rule withheld it."""
    told = [[one.diagnosis.forced[name] for name in head.classes] for one in asked]
    return Predictions.of(
        head.classes,
        np.array(told, np.float64).reshape(-1, len(head.classes)),
        [one.film.row["label"] for one in asked],
        [one.film.row["patient_id"] for one in asked],
    )
