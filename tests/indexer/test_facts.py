"""Who is believed about what, and which scans are one case."""

import pytest

from indexer.facts import case_key, disputes, facts_of, settle_labels
from indexer.row import Row
from indexer.scan import Header
from indexer.sources import LabelFrom, Source
from indexer.store import FACTS

HEADER = Header(
    patient_id="P9",
    study_id="1.2.840.113619.2",
    series_id="1.2.840.113619.3",
    modality="DX",
    body_part="CHEST",
    sex="F",
    age=61.0,
    label="admitted with cough",
    text="comment",
)


def test_the_manifest_goes_before_the_header_column_by_column() -> None:
    row = Row(2, "a.dcm", label="ill", patient_id="P1", sex="M", split="train", extra={"site": "x"})
    facts = facts_of(Source("a.dcm", ("a.dcm",), row=row), HEADER)
    assert facts == {
        "case_id": "P1/1.2.840.113619.2",
        "patient_id": "P1",
        "header_patient_id": "P9",
        "study_id": "1.2.840.113619.2",
        "series_id": "1.2.840.113619.3",
        "modality": "DX",
        "body_part": "CHEST",
        "view": None,
        "sex": "M",
        "age": 61.0,
        "label": "ill",
        "findings": "comment",
        "split": "train",
        "site": "x",
    }
    assert set(FACTS.names) - {"annotated_by"} <= set(facts)  # a machine's texts come later


def test_a_newborn_has_an_age() -> None:
    row = Row(2, "a.png", age=0.0)
    assert facts_of(Source("a.png", ("a.png",), row=row), HEADER)["age"] == 0.0


@pytest.mark.parametrize(
    ("label_from", "written", "folder", "expected"),
    [
        ("auto", "ill", "normal", "ill"),
        ("auto", "", "normal", None),
        ("auto", None, "normal", "normal"),
        ("auto", None, "", "admitted with cough"),
        ("auto", None, "p-9", "admitted with cough"),
        ("manifest", None, "normal", None),
        ("manifest", "ill", "normal", "ill"),
        ("folder", "ill", "normal", "normal"),
        ("folder", "ill", "", None),
        ("dicom", "ill", "normal", "admitted with cough"),
        ("none", "ill", "normal", None),
    ],
)
def test_where_the_label_comes_from(
    label_from: LabelFrom, written: str | None, folder: str, expected: str | None
) -> None:
    row = Row(2, "a.dcm", label=written)
    source = Source("a.dcm", ("a.dcm",), row=row, label_from_folder=folder, label_from=label_from)
    assert facts_of(source, HEADER)["label"] == expected


def test_without_a_manifest_folder_and_header_speak() -> None:
    facts = facts_of(Source("ill/a.dcm", ("ill/a.dcm",), label_from_folder="ill"), HEADER)
    assert facts["label"] == "ill"
    assert facts["patient_id"] == "P9"


@pytest.mark.parametrize(
    ("patient", "study", "key"),
    [
        ("P1", "S1", "P1/S1"),
        ("P1", "P1", "P1"),
        ("P1", "", "a/b.png"),
        ("", "", "a/b.png"),
        ("", "1", "a/b.png"),
        ("", "1.2.840.113619.2", "1.2.840.113619.2"),
    ],
)
def test_a_case_is_the_study_of_a_patient(patient: str, study: str, key: str) -> None:
    assert case_key(patient, study, "a/b.png") == key


def rows(*told: tuple[str, str | None, str | None]) -> list[dict[str, str | None]]:
    return [dict(zip(("case_id", "patient_id", "label"), one, strict=True)) for one in told]


def test_a_case_with_two_labels_has_none() -> None:
    labels, remarks = settle_labels(
        rows(
            ("c1", "P1", "ill"),
            ("c1", "P1", None),
            ("c2", "P2", "ill"),
            ("c2", "P2", "normal"),
            ("c3", "P3", None),
            ("c4", None, "ill"),
            ("c5", "P1", "normal"),
        )
    )
    assert labels == {"c1": "ill", "c2": None, "c3": None, "c4": "ill", "c5": "normal"}
    assert remarks == (
        "cases with contradicting labels, taken as unlabelled: 1",
        "patients with different labels (in time, or by mistake): 2",
    )


def test_nothing_to_remark_upon() -> None:
    assert settle_labels(rows(("c1", "P1", "ill"), ("c2", "P1", "ill")))[1] == ()
    assert settle_labels([]) == ({}, ())


def test_volumes_with_differing_slices_are_counted() -> None:
    assert disputes([Source("a", ("a",)), Source("b", ("b", "c"), disputed=True)]) == (
        "volumes whose slices have different labels, unlabelled: 1",
    )
    assert disputes([Source("a", ("a",))]) == ()
