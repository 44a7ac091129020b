"""What three ways of annotating said of the query films, as the measures take it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from indexer.annotate.table import Annotated
from indexer.learn.findings import Known, known_findings
from models.measures.findings import NamedFindings
from models.measures.predictions import Chosen

LEAST_PRESENT = 5
"""Query films that must have a finding for it to be measured; of fewer nothing can be said."""

ZONES = tuple(
    f"{side}_{zone}" for zone in ("upper", "middle", "lower") for side in ("right", "left")
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What of the measurements speaks for a finding: a word of the text, and the largest number."""

    words: str
    measurements: tuple[str, ...]


def _zones(*names: str) -> tuple[str, ...]:
    return tuple(f"{zone}_bright" for zone in ZONES if any(name in zone for name in names))


_OPACITY = Reading("opacity", _zones("upper", "middle", "lower"))
READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        "atelectasis": Reading("lung small", ("asymmetry",)),
        "cardiomegaly": Reading("enlarged heart shadow", ("heart_to_chest",)),
        "consolidation": _OPACITY,
        "edema": _OPACITY,
        "effusion": Reading("lower zone", _zones("lower")),
        "infiltration": _OPACITY,
        "pneumonia": _OPACITY,
        "tuberculosis": Reading("upper zone", _zones("upper")),
    }
)
"""Written down before anything was measured; a segmenter knows no findings by name."""

Row = dict[str, str]
Films = list[tuple[Path, Row]]


@dataclass(frozen=True, slots=True)
class Material:
    """The query films' rows, and what is known of them: only findings that enough of them have."""

    rows: tuple[Row, ...]
    known: Known

    def lists(self) -> Chosen:
        """The films whose rows list findings: the sources that are noted most fully."""
        return np.array([bool(row.get("findings")) for row in self.rows], bool)


def material_of(films: Films, least: int = LEAST_PRESENT) -> Material:
    """The query films. Raises SystemExit if a patient has films on both sides."""
    rows = [row for _, row in films]
    sides = [
        {r["patient_id"] for r in rows if (r["split"] == "query") is asked}
        for asked in (True, False)
    ]
    if (sides[0] & sides[1]) - {""}:
        raise SystemExit("a patient has films on both sides of the column `split`")
    known = known_findings(
        [r.get("findings", "") for r in rows],
        [r["label"] for r in rows],
        [r["patient_id"] for r in rows],
    )
    asked = np.array([row["split"] == "query" for row in rows])
    part = Known(known.names, known.truth[asked])
    enough = [n for at, n in enumerate(part.names) if (part.truth[:, at] == 1).sum() >= least]
    return Material(tuple(row for row in rows if row["split"] == "query"), part.only(enough))


def named(material: Material, told: Mapping[str, Annotated], reads: bool) -> NamedFindings:
    """What a way said of each query film. `reads`: by `READINGS`, for one that has no findings."""
    names = material.known.names
    scores = np.full((len(material.rows), len(names)), np.nan)
    said = np.zeros(scores.shape, bool)
    for at, row in enumerate(material.rows):
        one = told.get(row["path"])
        for place, name in enumerate(names if one else ()):
            assert one is not None
            scores[at, place], said[at, place] = (_read if reads else _looked_up)(one, name)
    return _findings(material, scores, said)


def _looked_up(one: Annotated, name: str) -> tuple[float, bool]:
    shares = {known.casefold(): share for known, share in one.findings.items()}
    phrases = {phrase.casefold() for phrase in one.text.split("; ")}
    return shares.get(name.casefold(), float("nan")), name.casefold() in phrases


def _read(one: Annotated, name: str) -> tuple[float, bool]:
    reading = READINGS.get(name.casefold())
    if reading is None:
        return float("nan"), False
    values = [one.measurements[name] for name in reading.measurements if name in one.measurements]
    return max(values, default=float("nan")), reading.words in one.text


def _findings(material: Material, scores: Any, said: Any) -> NamedFindings:
    return NamedFindings(
        material.known.names,
        scores,
        said,
        material.known.truth.astype(np.float64),
        tuple(row["patient_id"] for row in material.rows),
    )


def floors(material: Material) -> dict[str, NamedFindings]:
    """Nothing annotated; and every finding said of every film, with its prevalence as precision."""
    shape = material.known.truth.shape
    return {
        "nothing annotated": _findings(material, np.zeros(shape), np.zeros(shape, bool)),
        "prevalence": _findings(material, np.zeros(shape), np.ones(shape, bool)),
    }


def where(told: NamedFindings, rows: Chosen) -> NamedFindings:
    """Some of the films."""
    groups = tuple(group for group, kept in zip(told.groups, rows, strict=True) if kept)
    return NamedFindings(told.names, told.scores[rows], told.said[rows], told.truth[rows], groups)
