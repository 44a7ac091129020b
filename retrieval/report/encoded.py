"""What a trained encoder is worth, in figures: `report.json` of its training run."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.measures import paired, ranked
from models.measures.means import means
from models.measures.predictions import Numbers, plain
from models.measures.retrieval import Asked, rankings

if TYPE_CHECKING:
    from indexer.learn.encoded import Found
    from indexer.learn.encoder import EncoderLearned

SCHEMA = 1
MEASURES = ("mAP", "MAP@R", "hit_rate@1", "hit_rate@5", "hit_rate@10", "precision@5")
"""Of the tables. The hit rate of the first is its precision too."""

OWN = "this encoder"


def encoder_figures(learned: "EncoderLearned") -> dict[str, Any]:
    """The figures of an encoder, as JSON.

    `systems`: the encoder and its floors, each with its measures, micro and macro, and their 95 %
    intervals over patients; empty where the test films have no labels. `within`: the same for each
    source whose own films have two labels or more, among its own films. `better`: the encoder's mAP
    less a floor's, on the same queries. `views`: what was measured without labels.
    """
    found = learned.found
    values = _values(found)
    return {
        "schema": SCHEMA,
        "model": str(learned.spec.name),
        "loss": learned.asked.loss,
        "classes": list(found.classes),
        "films": learned.counts,
        "scans": {"test": len(found.queries.keys), "searched": len(found.archive.keys)},
        "remarks": list(learned.remarks),
        "measures": list(MEASURES),
        "systems": _systems(found, values),
        "better": _better(found, values),
        "within": {
            source: _systems(part, _values(part)) for source, part in _within(found).items()
        },
        "views": {
            name: {key: plain(value) for key, value in asdict(told).items()}
            for name, told in found.views.items()
        },
        "history": list(learned.history),
    }


def _values(found: "Found") -> dict[str, Numbers]:
    """Of each system the measures of each test scan, (m, measures); NaN where there is no label,
    or no other patient's film of it to be found.
    """
    if len(set(found.queries.labels[found.queries.labels >= 0].tolist())) < 1:
        return {}
    told = {}
    for name, (asking, searched) in found.systems.items():
        told[name] = _each(found.queries.asked(asking), found.archive.asked(searched))
    return {} if all(np.isnan(one).all() for one in told.values()) else told


def _each(queries: Asked, archive: Asked) -> Numbers:
    labelled = queries.labels >= 0
    asking = Asked(queries.vectors[labelled], queries.labels[labelled], queries.patients[labelled])
    told, known = rankings(asking, archive)
    figures = np.full((len(labelled), len(MEASURES)), np.nan)
    rows = np.flatnonzero(labelled)[known]
    for place, name in enumerate(MEASURES):
        figures[rows, place] = ranked.measure(name)(told)
    return figures


def _systems(found: "Found", values: Mapping[str, Numbers]) -> dict[str, Any]:
    queries = found.queries
    labels = [found.classes[one] if one >= 0 else "" for one in queries.labels]
    return {
        name: {
            "queries": int((~np.isnan(told[:, 0])).sum()),
            **{
                measure: {"micro": one.micro.to_json(), "macro": one.macro.to_json()}
                for measure, one in zip(MEASURES, means(told, labels, queries.named), strict=True)
            },
        }
        for name, told in values.items()
    }


def _better(found: "Found", values: Mapping[str, Numbers]) -> dict[str, Any]:
    told = {}
    for name, floor in values.items():
        if name == OWN:
            continue
        one = paired.difference(values[OWN][:, 0], floor[:, 0], found.queries.named)
        told[name] = {"mAP": one.interval.to_json(), "p": plain(one.p)}
    return told


def _within(found: "Found") -> dict[str, "Found"]:
    """The scans of each source alone, if those that are searched there have two labels."""
    parts = {}
    for source in sorted(set(found.queries.sources) - {""}):
        asking = np.array([one == source for one in found.queries.sources], bool)
        searched = np.array([one == source for one in found.archive.sources], bool)
        labels = set(found.archive.labels[searched].tolist()) - {-1}
        if len(labels) < 2:
            continue
        parts[source] = replace(
            found,
            queries=found.queries.where(asking),
            archive=found.archive.where(searched),
            systems={
                name: (one[asking], other[searched]) for name, (one, other) in found.systems.items()
            },
        )
    return parts
