"""An invented answer, small enough to write its reports out by hand."""

from dataclasses import replace

from retrieval.answer import (
    Answer,
    Diagnosis,
    Hit,
    IndexFacts,
    Precedent,
    QueryFacts,
    Unlikeness,
)

JPEG = b"\xff\xd8\xff\xe0 a film \xff\xd9"

INDEX = IndexFacts(
    path="INDEX",
    generation=7,
    cases=1990,
    instances=2300,
    encoder="efficientnet-lite0 (int8)",
    software="cbir 0.1.0",
    created="2026-11-22 21:04",
)

QUERY = QueryFacts(
    path="new/film.dcm",
    text="cavity, upper lobe",
    patient_id="P-9",
    modality="CR",
    body_part="CHEST",
    quality=("very_small: 50 x 50 pixels",),
    segmentation="lungs",
    preview=JPEG,
    weights={"colour": 0.25, "edge": 0.0, "embedding": 0.5, "text": 0.25},
    where="age >= 18",
)

FIRST = Hit(
    rank=1,
    case_id="case-0001",
    patient_id="P-1",
    label="tuberculosis",
    score=0.75,
    contributions={"colour": 0.125, "embedding": 0.5, "text": 0.125},
    path="a/1.dcm",
    instance=11,
    modality="CR",
    body_part="CHEST",
    view="PA",
    sex="F",
    age=47.0,
    findings="Small cavity in the right upper lobe.\nNo effusion.",
)

SECOND = Hit(
    rank=2,
    case_id="case-0002",
    patient_id="P-2",
    label="normal",
    score=0.5,
    contributions={"colour": 0.25, "embedding": 0.3125, "text": -0.0625},
    path="b/2.dcm",
    instance=22,
    modality="CT",
    age=0.5,
    slice_index=39,
    instances=120,
)

THIRD = Hit(
    rank=3,
    case_id="case-0003",
    patient_id="",
    label="",
    score=0.25,
    contributions={"colour": 0.0, "embedding": 0.25, "text": 0.0},
    path="c/3.png",
    instance=33,
)

PRIOR = replace(FIRST, rank=1, case_id="earlier", patient_id="P-9", instance=44, findings="")

DIAGNOSIS = Diagnosis(
    label="tuberculosis",
    probabilities={"tuberculosis": 0.75, "normal": 0.2455, "pneumonia": 0.0045},
    set=("tuberculosis", "normal"),
    neighbours=15,
    coverage=0.9,
    precedent=Precedent("tuberculosis", 40, 35),
    unlikeness=Unlikeness(0.5, 1.0),
    judged=1200,
    calibration_error=0.034,
)

ANSWER = Answer(
    index=INDEX,
    query=QUERY,
    hits=(FIRST, SECOND, THIRD),
    priors=(PRIOR,),
    diagnosis=DIAGNOSIS,
    against=SECOND,
    remarks=("only 3 of 5 cases: no other case fits the filter",),
    seconds=0.384,
)

EMPTY = Answer(
    index=INDEX,
    query=QueryFacts(text="cavity"),
    hits=(),
    priors=(),
    diagnosis=Diagnosis(
        None, {}, abstained=True, reason="no case of the index has a label", code="labels"
    ),
)
