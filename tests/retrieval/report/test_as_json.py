"""The JSON, written out; whatever is not a number or was not said is null."""

import json
from dataclasses import replace

import pytest

from retrieval.report.as_json import render
from tests.retrieval.report.answers import ANSWER, EMPTY, FIRST

FIRST_HIT = {
    "rank": 1,
    "case_id": "case-0001",
    "patient_id": "P-1",
    "label": "tuberculosis",
    "score": 0.75,
    "contributions": {"colour": 0.125, "embedding": 0.5, "text": 0.125},
    "path": "a/1.dcm",
    "modality": "CR",
    "body_part": "CHEST",
    "view": "PA",
    "sex": "F",
    "age": 47.0,
    "findings": "Small cavity in the right upper lobe.\nNo effusion.",
    "annotated_by": None,
    "slice_index": None,
    "instances": 1,
    "region": None,
}

THIRD_HIT = {
    "rank": 3,
    "case_id": "case-0003",
    "patient_id": None,
    "label": None,
    "score": 0.25,
    "contributions": {"colour": 0.0, "embedding": 0.25, "text": 0.0},
    "path": "c/3.png",
    "modality": None,
    "body_part": None,
    "view": None,
    "sex": None,
    "age": None,
    "findings": None,
    "annotated_by": None,
    "slice_index": None,
    "instances": 1,
    "region": None,
}


def test_what_was_asked_of_which_index() -> None:
    found = json.loads(render(ANSWER))
    assert list(found) == [
        "schema",
        "index",
        "query",
        "hits",
        "priors",
        "diagnosis",
        "against",
        "remarks",
        "seconds",
        "disclaimer",
    ]
    assert found["schema"] == 1
    assert found["index"] == {
        "generation": 7,
        "cases": 1990,
        "instances": 2300,
        "encoder": "efficientnet-lite0 (int8)",
        "software": "cbir 0.1.0",
        "created": "2026-11-22 21:04",
        "path": "INDEX",
    }
    assert found["query"] == {
        "path": "new/film.dcm",
        "text": "cavity, upper lobe",
        "patient_id": "P-9",
        "modality": "CR",
        "body_part": "CHEST",
        "quality": ["very_small: 50 x 50 pixels"],
        "segmentation": "lungs",
        "weights": {"colour": 0.25, "edge": 0.0, "embedding": 0.5, "text": 0.25},
        "where": "age >= 18",
        "aggregate": "late",
        "like": [],
        "unlike": [],
        "refine": None,
        "spread": False,
        "region": None,
    }
    assert found["remarks"] == ["only 3 of 5 cases: no other case fits the filter"]
    assert found["seconds"] == 0.384
    assert found["disclaimer"] == "Decision support for research, not for primary diagnosis."


def test_its_cases_and_its_diagnosis() -> None:
    found = json.loads(render(ANSWER))
    assert [hit["rank"] for hit in found["hits"]] == [1, 2, 3]
    assert list(found["hits"][0].items()) == list(FIRST_HIT.items())
    assert found["hits"][2] == THIRD_HIT
    assert [prior["case_id"] for prior in found["priors"]] == ["earlier"]
    assert found["against"] == found["hits"][1]
    assert found["diagnosis"] == {
        "label": "tuberculosis",
        "probabilities": {"tuberculosis": 0.75, "normal": 0.2455, "pneumonia": 0.0045},
        "set": ["tuberculosis", "normal"],
        "abstained": False,
        "reason": None,
        "reason_code": None,
        "against": "case-0002",
        "neighbours": 15,
        "coverage": 0.9,
        "atypical": False,
        "precedent": {"label": "tuberculosis", "cases": 40, "right": 35},
        "novelty": {"value": 0.5, "threshold": 1.0},
        "calibration": {"cases": 1200, "expected_error": 0.034},
        "note": None,
    }


def test_an_answer_with_nothing_in_it() -> None:
    found = json.loads(render(EMPTY))
    assert found["hits"] == found["priors"] == found["remarks"] == []
    assert found["query"]["path"] is None
    assert found["diagnosis"] == {
        "label": None,
        "probabilities": {},
        "set": [],
        "abstained": True,
        "reason": "no case of the index has a label",
        "reason_code": "labels",
        "against": None,
        "neighbours": 0,
        "coverage": None,
        "atypical": False,
        "precedent": None,
        "novelty": None,
        "calibration": None,
        "note": None,
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_null(value: float) -> None:
    hit = replace(FIRST, age=value, score=value, contributions={"colour": value})
    text = render(replace(ANSWER, hits=(hit,)))
    assert "NaN" not in text and "Infinity" not in text
    found = json.loads(text)["hits"][0]
    assert found["age"] is found["score"] is found["contributions"]["colour"] is None


def test_no_text_can_steer_a_terminal() -> None:
    evil = "\x1b[2J \u202e 肺 \ud800"
    text = render(replace(ANSWER, hits=(replace(FIRST, findings=evil),)))
    assert text.isascii()
    assert not [each for each in text if ord(each) < 32 and each != "\n"]
    assert json.loads(text)["hits"][0]["findings"] == evil
