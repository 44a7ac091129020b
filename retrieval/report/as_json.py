"""An answer as JSON: the form in docs/architecture.md, schema 1.

What nobody said is null, never an empty text and never NaN. Everything is ASCII (other characters
are escaped), so that no text can steer a terminal and no locale can break a pipe.
"""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from retrieval.answer import (
    Answer,
    Diagnosis,
    Hit,
    IndexFacts,
    Place,
    Precedent,
    QueryFacts,
    Unlikeness,
)
from retrieval.report import DISCLAIMER

if TYPE_CHECKING:
    from retrieval.why import Why

SCHEMA = 1

_DIGITS = 9
"""Digits after the point: more than float32 has, so that sums still come out."""


def render(answer: Answer, why: "Mapping[str, Why] | None" = None) -> str:
    """The answer as one JSON object, without a line break at its end.

    `why`: from `Engine.why`; the hits then tell it, null for one that was not looked at.
    """
    told = as_object(answer)
    if why is not None:
        from retrieval.report import reasons

        shown = [*zip(answer.hits, told["hits"], strict=True)]
        shown += [(answer.against, told["against"])] if answer.against is not None else []
        for hit, written in shown:
            found = why.get(hit.case_id)
            written["why"] = None if found is None else reasons.as_object(found)
    return json.dumps(told, indent=2, allow_nan=False)


def as_object(answer: Answer) -> dict[str, Any]:
    """The answer as what `json` can write; keys always in the same order."""
    return {
        "schema": SCHEMA,
        "index": _index(answer.index),
        "query": _query(answer.query),
        "hits": [_hit(hit) for hit in answer.hits],
        "priors": [_hit(hit) for hit in answer.priors],
        "diagnosis": _diagnosis(answer.diagnosis, answer.against),
        "against": None if answer.against is None else _hit(answer.against),
        "remarks": list(answer.remarks),
        "seconds": _number(answer.seconds),
        "disclaimer": DISCLAIMER,
    }


def _index(facts: IndexFacts) -> dict[str, Any]:
    return {
        "generation": facts.generation,
        "cases": facts.cases,
        "instances": facts.instances,
        "encoder": facts.encoder,
        "software": facts.software,
        "created": facts.created,
        "path": facts.path,
    }


def _query(facts: QueryFacts) -> dict[str, Any]:
    return {
        "path": facts.path or None,
        "text": facts.text or None,
        "patient_id": facts.patient_id or None,
        "modality": facts.modality or None,
        "body_part": facts.body_part or None,
        "quality": list(facts.quality),
        "segmentation": facts.segmentation,
        "weights": _numbers(facts.weights),
        "where": facts.where or None,
        "aggregate": facts.aggregate,
        "like": list(facts.like),
        "unlike": list(facts.unlike),
        "refine": facts.refine or None,
        "spread": facts.spread,
        "region": _place(facts.region, of_query=True),
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "rank": hit.rank,
        "case_id": hit.case_id,
        "patient_id": hit.patient_id or None,
        "label": hit.label or None,
        "score": _number(hit.score),
        "contributions": _numbers(hit.contributions),
        "path": hit.path,
        "modality": hit.modality or None,
        "body_part": hit.body_part or None,
        "view": hit.view or None,
        "sex": hit.sex or None,
        "age": _number(hit.age),
        "findings": hit.findings or None,
        "annotated_by": hit.annotated_by or None,
        "slice_index": hit.slice_index,
        "instances": hit.instances,
        "region": _place(hit.region),
    }


def _place(place: Place | None, of_query: bool = False) -> dict[str, Any] | None:
    if place is None:
        return None
    told: dict[str, Any] = dict(zip("xywh", place.box, strict=True))
    if not of_query:
        return told
    first, count = place.slices or (None, None)
    return {**told, "z": first, "d": count, "mask": place.mask or None}


def _diagnosis(diagnosis: Diagnosis, against: Hit | None) -> dict[str, Any]:
    return {
        "label": diagnosis.label,
        "probabilities": _numbers(diagnosis.probabilities),
        "set": list(diagnosis.set),
        "abstained": diagnosis.abstained,
        "reason": diagnosis.reason,
        "reason_code": diagnosis.code or None,
        "against": None if against is None else against.case_id,
        "neighbours": diagnosis.neighbours,
        "coverage": _number(diagnosis.coverage),
        "atypical": diagnosis.atypical,
        "precedent": _precedent(diagnosis.precedent),
        "novelty": _novelty(diagnosis.unlikeness),
        "calibration": _calibration(diagnosis),
        "note": diagnosis.note or None,
    }


def _precedent(precedent: Precedent | None) -> dict[str, Any] | None:
    if precedent is None:
        return None
    label = precedent.label or None
    return {"label": label, "cases": precedent.cases, "right": precedent.right}


def _novelty(unlikeness: Unlikeness | None) -> dict[str, Any] | None:
    if unlikeness is None:
        return None
    return {"value": _number(unlikeness.value), "threshold": _number(unlikeness.threshold)}


def _calibration(diagnosis: Diagnosis) -> dict[str, Any] | None:
    if not diagnosis.judged:
        return None
    return {"cases": diagnosis.judged, "expected_error": _number(diagnosis.calibration_error)}


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in values.items()}


def _number(value: float | None) -> float | None:
    """A Python float, or None where there is no finite number."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), _DIGITS)
