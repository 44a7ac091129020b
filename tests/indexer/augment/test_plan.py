"""Whose films are mixed with whose: no split by patient can cut between a film and its origins."""

import csv
import io
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.augment.asked import Asked
from indexer.augment.circles import SIZE, circles
from indexer.augment.originals import Original
from indexer.augment.plan import plan
from indexer.augment.table import Made, table
from models.errors import UsageError
from models.heads.leave_out import same_patient
from models.training.splits import drawn, folds
from tests.indexer.augment.archives import original, parted

FILMS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.booleans()), min_size=1, max_size=40
)


def archive_of(films: list[tuple[str, int, bool]]) -> list[Original]:
    """Films of a label and a patient, 0 for one that nobody knows; some are set apart."""
    whose_apart = {patient for _, patient, apart in films if apart and patient % 3 == 0}
    return [
        original(
            f"{number}.png",
            label,
            f"p{patient}" if patient else "",
            "query" if patient and patient in whose_apart else "archive",
            region=True,
        )
        for number, (label, patient, _) in enumerate(films)
    ]


def tabled(originals: list[Original], asked: Asked) -> list[dict[str, str]]:
    """The rows of the enlarged archive, as if every film could be made."""
    groups = circles(originals, asked.paired, asked.seed)
    made = [
        Made(one, (one.origin, *one.partners[:1]), {}, ())
        for one in plan(originals, groups, asked).makings
    ]
    text = table(originals, made, groups).decode()
    return list(csv.DictReader(io.StringIO(text)))


@settings(max_examples=60)
@given(FILMS, st.integers(0, 3))
def test_no_split_by_patient_parts_a_film_from_its_origins(
    films: list[tuple[str, int, bool]], seed: int
) -> None:
    rows = tabled(archive_of(films), Asked(times=3, seed=seed))
    patients = [row["patient_id"] for row in rows]
    labels = [row["label"] for row in rows]
    for share in (0.2, 0.5):
        first, _ = drawn(labels, patients, share, seed)
        sides = np.isin(np.arange(len(rows)), first)
        assert parted(rows, sides.tolist()) == []
    assert parted(rows, folds(labels, patients, 3, seed).tolist()) == []
    together = same_patient(patients)  # one patient left out at a time
    for left_out in together:
        assert parted(rows, left_out.tolist()) == []


@settings(max_examples=60)
@given(FILMS)
def test_what_is_set_apart_is_nobodys_origin(films: list[tuple[str, int, bool]]) -> None:
    originals = archive_of(films)
    rows = tabled(originals, Asked(times=2))
    apart = {f"originals/{one.key}" for one in originals if one.apart}
    assert {row["path"] for row in rows if row["split"] == "query"} == apart
    origins = {name for row in rows for name in row["origin"].split(";")}
    assert not apart & origins
    kept = [row for row in rows if row["path"] in apart]
    assert [row["patient_id"] for row in kept] == [row["origin_patient"] for row in kept]


def test_circles_are_small_and_of_one_class() -> None:
    originals = [original(f"{n}.png", "ab"[n % 2], f"p{n:02d}") for n in range(26)]
    named = circles(originals, True, 0)
    sizes = Counter(named.values())
    assert sorted(sizes.values()) == [3, 3, 3, 3, 3, 3, 4, 4]
    assert max(sizes.values()) <= SIZE
    for name in sizes:
        members = [int(patient[1:]) for patient in named if named[patient] == name]
        assert len({member % 2 for member in members}) == 1
        assert name == " + ".join(f"p{member:02d}" for member in sorted(members))
    assert circles(originals, True, 0) == named
    assert circles(originals, True, 1) != named
    alone = circles(originals, False, 0)
    assert alone == {one.patient: one.patient for one in originals}


def test_a_patient_of_two_classes_is_in_one_circle() -> None:
    """Else circles would grow together through him."""
    originals = [original(f"a{n}.png", "a", f"p{n}") for n in range(4)]
    originals += [original(f"b{n}.png", "b", f"p{n}") for n in range(8)]
    named = circles(originals, True, 0)
    assert {named[f"p{n}"] for n in range(4)} == {"p0 + p1 + p2 + p3"}
    assert max(Counter(named.values()).values()) == 4
    makings = plan(originals, named, Asked(ways=("mix",))).makings
    assert {one.origin.key for one in makings} == {one.key for one in originals}


def test_films_of_another_kind_are_not_partners() -> None:
    originals = [
        original("a.png", "ill", "p1"),
        original("b.png", "ill", "p2", colour=True),
        original("c.png", "well", "p3"),
        original("d.png", "", "p4"),
        original("e.png", "", "p5"),
    ]
    told = plan(originals, circles(originals, True, 0), Asked(ways=("mix",)))
    assert told.makings == ()
    assert told.remarks == (
        "films that cannot be made by mix: 5 (no other patient of the class, modality, body part "
        "and view in their circle)",
    )


def test_a_single_patient_is_not_mixed_with_himself() -> None:
    originals = [original(f"{n}.png", "ill", "p") for n in range(3)]
    told = plan(originals, circles(originals, True, 0), Asked(ways=("mix", "grey"), times=2))
    assert Counter(one.way for one in told.makings) == {"grey": 6}


def test_lesions_come_from_films_that_may_have_one() -> None:
    originals = [
        original("a.png", "ill", "p1"),
        original("b.png", "ill", "p2", region=True),
        original("c.png", "ill", "p3", lesion="c-mask.png"),
        original("d.png", "Normal", "p4", region=True),
        original("e.png", "Normal", "p5", region=True),
    ]
    groups = circles(originals, True, 0)
    told = plan(originals, groups, Asked(ways=("lesion",), times=1))
    partners = {one.origin.key: {p.key for p in one.partners} for one in told.makings}
    assert partners == {
        "a.png": {"b.png", "c.png"},
        "b.png": {"c.png"},
        "c.png": {"b.png"},
    }
    other = Asked(ways=("lesion",), times=1, healthy=("ill",))
    assert {one.origin.key for one in plan(originals, groups, other).makings} == {"d.png", "e.png"}


def test_ways_take_turns() -> None:
    originals = [original(f"{n}.png", "ill", f"p{n}") for n in range(6)]
    told = plan(originals, circles(originals, True, 0), Asked(ways=("mix", "grey"), times=3))
    assert Counter(one.way for one in told.makings) == {"mix": 9, "grey": 9}
    assert len({one.path for one in told.makings}) == 18
    assert len({one.seed for one in told.makings}) == 18


def test_balance() -> None:
    originals = [original(f"a{n}.png", "a", f"p{n}") for n in range(6)]
    originals += [original(f"b{n}.png", "b", f"q{n}") for n in range(2)]
    originals += [original("c.png", "c", "r"), original("d.png", "", "s")]
    groups = circles(originals, True, 0)
    told = plan(originals, groups, Asked(ways=("grey",), times=1, balance=True))
    made = Counter(one.origin.label for one in told.makings)
    assert made == {"a": 6, "b": 10, "c": 11, "": 1}  # 12 of each class in all
    of_b = Counter(one.origin.key for one in told.makings if one.origin.label == "b")
    assert sorted(of_b.values()) == [5, 5]


def test_a_class_too_small_to_be_balanced_is_told() -> None:
    originals = [original(f"a{n}.png", "a", f"p{n}") for n in range(40)]
    originals += [original("b.png", "b", "q")]
    told = plan(
        originals, circles(originals, False, 0), Asked(ways=("grey",), times=1, balance=True)
    )
    assert Counter(one.origin.label for one in told.makings) == {"a": 40, "b": 30}
    assert told.remarks == (
        "a class is too small to be balanced with at most 30 films made of one",
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ways": ("flip",)}, "there is no way 'flip' to make films; there are: geometry, grey"),
        ({"ways": ()}, "no way to make films is named"),
        ({"ways": ("mix", "mix")}, "a way is named twice"),
        ({"times": 0}, "0 times: it is a whole number from 1 to 30"),
        ({"times": 31}, "31 times"),
    ],
)
def test_what_does_not_fit_is_told(changed: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Asked(**changed).check()  # type: ignore[arg-type]
