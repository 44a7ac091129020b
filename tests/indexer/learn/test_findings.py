"""What an archive says of its films' findings: three rules, and what is no list."""

import numpy as np
import pytest

from indexer.learn.findings import known_findings

UNKNOWN = np.nan


def patients(count: int) -> list[str]:
    """As many as films."""
    return [str(number) for number in range(count)]


def told(rows: list[tuple[str, str]]) -> dict[str, list[float]]:
    """Each finding's truth over rows of (findings, label)."""
    known = known_findings([row[0] for row in rows], [row[1] for row in rows], patients(len(rows)))
    return {name: known.truth[:, at].tolist() for at, name in enumerate(known.names)}


def same(found: list[float], wanted: list[float]) -> bool:
    return bool(np.array_equal(found, wanted, equal_nan=True))


def test_a_name_on_all_slices_of_one_patient_denies_nothing() -> None:
    rows, owners = ["Mass", "Mass", "Clear lungs", "Clear lungs"], ["a", "b", "c", "c"]
    known = known_findings(rows, [""] * 4, owners)
    assert known.names == ("Mass",)
    assert same(known.truth[:, 0].tolist(), [1, 1, UNKNOWN, UNKNOWN])


def test_a_list_says_what_is_there_and_what_is_not() -> None:
    found = told([("Effusion; Mass", ""), ("Mass", ""), ("No Finding", ""), ("", "")])
    assert list(found) == ["Effusion", "Mass"]
    assert same(found["Effusion"], [1, 0, 0, UNKNOWN])
    assert same(found["Mass"], [1, 1, 0, UNKNOWN])


def test_a_label_is_a_finding_beside_the_other_labels() -> None:
    found = told([("", "tuberculosis"), ("Effusion; Pneumonia", "pneumonia"), ("", "normal")])
    assert list(found) == ["Effusion", "Pneumonia", "tuberculosis"]
    # Nobody noted whether the tuberculosis film has an effusion; it is not labelled pneumonia.
    assert same(found["Effusion"], [UNKNOWN, 1, 0])
    assert same(found["Pneumonia"], [0, 1, 0])
    assert same(found["tuberculosis"], [1, 0, 0])


def test_a_list_goes_before_a_normal_label() -> None:
    rows = [("Mass", "normal"), ("Nodule", ""), ("No finding", "Normal"), ("Mass; Nodule", "")]
    found = told(rows)
    assert same(found["Mass"], [1, 0, 0, 1]) and same(found["Nodule"], [0, 1, 0, 1])


def test_a_single_name_that_nobody_else_writes_denies_nothing() -> None:
    found = told([("Mass", ""), ("mass", ""), ("Clear lungs", ""), ("Scar", ""), ("", "scar")])
    assert list(found) == ["Mass", "Scar"]
    assert same(found["Mass"], [1, 1, UNKNOWN, 0, UNKNOWN])
    assert same(found["Scar"], [0, 0, UNKNOWN, 1, 1])


@pytest.mark.parametrize(
    "text",
    [
        "The heart is enlarged, the lungs are clear.",
        "Mass; no pleural effusion and no pneumothorax are seen",
        "x" * 41,
        " ; ",
    ],
)
def test_free_text_is_no_list(text: str) -> None:
    found = told([("Mass", ""), ("Mass", ""), ("", ""), (text, "")])
    assert list(found) == ["Mass"]
    assert same(found["Mass"], [1, 1, UNKNOWN, UNKNOWN])


def test_spelling_and_order() -> None:
    found = told([("pleural   Effusion;MASS ", ""), ("mass", ""), ("", "Mass")])
    assert list(found) == ["MASS", "pleural Effusion"]
    assert same(found["MASS"], [1, 1, 1])


def test_nothing_is_known_of_nothing() -> None:
    known = known_findings(["", ""], ["", "normal"], patients(2))
    assert known.names == () and known.truth.shape == (2, 0)


def test_patients_are_counted_not_films() -> None:
    known = known_findings(["Mass", "Mass", "Mass; Scar", "No Finding"], [""] * 4, patients(4))
    assert known.patients(["a", "a", "b", "c"]) == {"Mass": 2, "Scar": 1}


def test_some_of_the_findings_and_one_that_nobody_noted() -> None:
    known = known_findings(["Mass; Scar", "No Finding"], ["", ""], patients(2)).only(
        ["scar", "Oedema"]
    )
    assert known.names == ("scar", "Oedema")
    assert same(known.truth[:, 0].tolist(), [1, 0])
    assert np.isnan(known.truth[:, 1]).all()
