"""What headers and manifests say, in DICOM's own names."""

import pytest

from indexer.dicom_terms import (
    another_kind,
    body_part_of,
    kinds_of,
    may_be_frontal_chest,
    modality_of,
)


@pytest.mark.parametrize(
    ("told", "term"),
    [
        ("DX", "CR"),
        (" x-ray ", "CR"),
        ("MRI", "MR"),
        ("OT", ""),
        ("film", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_modalities(told: str | None, term: str) -> None:
    assert modality_of(told) == term


@pytest.mark.parametrize(
    ("told", "term"),
    [("Thorax", "CHEST"), ("CHEST_ABDOMEN", "CHEST ABDOMEN"), ("left side", ""), (None, "")],
)
def test_body_parts(told: str | None, term: str) -> None:
    assert body_part_of(told) == term


def test_films_are_of_a_kind_where_nearly_all_of_them_say_so() -> None:
    assert kinds_of(["CT"] * 8 + ["MR", ""], modality_of) == ("CT", "MR")
    assert kinds_of(["CT"] * 8 + ["", "film"], modality_of) == ()
    assert kinds_of([], modality_of) == ()


@pytest.mark.parametrize(
    ("modality", "body_part", "another"),
    [
        ("DX", "CHEST", False),
        ("", "", False),
        ("OT", "somewhere", False),
        ("CT", "CHEST", True),
        ("CR", "CHEST ABDOMEN", False),
        ("CR", "ABDOMEN", True),
    ],
)
def test_another_kind(modality: str, body_part: str, another: bool) -> None:
    facts = {"modality": modality, "body_part": body_part}
    assert another_kind(facts, ("CR",), ("CHEST",)) is another
    assert another_kind(facts, ("DX",), ("Thorax",)) is another  # as a person writes a spec
    assert not another_kind(facts, (), ())


@pytest.mark.parametrize(
    ("part", "another"), [("HEAD", False), ("BRAIN", False), ("EYE", True), ("CHEST", True)]
)
def test_a_part_of_a_part_is_no_other_part(part: str, another: bool) -> None:
    assert another_kind({"body_part": part}, (), ("BRAIN",)) is another


@pytest.mark.parametrize(
    ("view", "frontal"),
    [("PA", True), ("AP", True), ("", True), ("LL", False), ("Left lateral", False), ("L", False)],
)
def test_views_from_the_side(view: str, frontal: bool) -> None:
    assert may_be_frontal_chest({"modality": "DX", "view": view}) is frontal
