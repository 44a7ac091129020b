"""What answers."""

import shutil
from pathlib import Path

import numpy as np
import pydicom

from indexer.pipeline import build
from retrieval.evaluation.fitted import _people, alone, cross_fitted
from retrieval.evaluation.questions import questions_of
from retrieval.evaluation.systems import Constant, Fitted, Pixels, Shuffled, Weighted, thumbnails
from retrieval.index import OpenIndex


def test_the_order_is_that_of_the_search(opened: OpenIndex) -> None:
    system = Weighted(opened.ranker, opened.searched, [Fitted(opened.weights)])
    for question in questions_of(opened, opened, 100).asked:
        vector = system.vector(question)
        assert vector is not None
        allowed = ~question.own
        found = opened.ranker.nearest(vector, 100, allowed)
        assert system.order(question, allowed).tolist() == [one.case for one in found]


def test_a_descriptor_that_the_question_lacks_finds_nothing(opened: OpenIndex) -> None:
    questions = questions_of(opened, opened, 100).asked
    wordless = next(one for one in questions if not one.blocks["text"].any())
    system = Weighted(opened.ranker, opened.searched, alone("text"))
    assert system.order(wordless, ~wordless.own).size == 0
    assert system.vector(wordless) is None


def test_raw_pixels_find_the_same_picture(opened: OpenIndex) -> None:
    questions = questions_of(opened, opened, 100).asked
    rows = opened.cases.column("middle_row").to_pylist()
    pictures = thumbnails([opened.store.preview([row])[row] for row in rows])
    np.testing.assert_allclose(np.linalg.norm(pictures, axis=1), 1, atol=1e-5)
    asked = {one.case_id: pictures[opened.case_ids.index(one.case_id)] for one in questions}
    system = Pixels(pictures, asked, opened.ranker.case_of_row)
    everybody = np.ones(len(opened.facts), bool)
    for one in questions:
        assert opened.case_ids[int(system.order(one, everybody)[0])] == one.case_id
        assert system.order(one, ~one.own).size == len(opened.case_ids) - one.own.sum()


def test_a_picture_that_cannot_be_read_is_like_no_other() -> None:
    assert not thumbnails([b"", b"no jpeg"]).any()


def test_floors(opened: OpenIndex) -> None:
    first, second = questions_of(opened, opened, 100).asked[:2]
    rows = opened.ranker.case_of_row
    shuffled = Shuffled(rows)
    order = shuffled.order(first, ~first.own)
    assert order.tolist() == shuffled.order(first, ~first.own).tolist()
    assert order.tolist() != shuffled.order(second, ~first.own).tolist()
    assert sorted(order.tolist()) == np.unique(rows[~first.own]).tolist()
    labels = ["b", "a", "a", "b", "a", *["c"] * 7]
    constant = Constant.of(np.arange(12), labels)
    everybody = np.ones(12, bool)
    assert [labels[case] for case in constant.order(first, everybody)] == sorted(
        labels, key="cab".index
    )


def test_weights_are_fitted_without_the_patient(opened: OpenIndex) -> None:
    fitted, fold_of = cross_fitted(opened)
    assert len(fitted) == 5
    assert set(fold_of) == set(opened.case_ids)
    assert all(abs(sum(each.weights.values()) - 1) < 1e-9 for each in fitted)
    patients = dict(
        zip(opened.case_ids, opened.cases.column("patient_id").to_pylist(), strict=True)
    )
    folds: dict[str, set[int]] = {}
    for case, fold in fold_of.items():
        folds.setdefault(patients[case] or case, set()).add(fold)
    assert all(len(own) == 1 for own in folds.values())


def test_who_is_one_person_by_any_name_is_in_one_fold(archive: Path, tmp_path: Path) -> None:
    """Two patients of the manifest whose headers name the same one."""
    films = Path(shutil.copytree(archive, tmp_path / "films"))
    dicoms = sorted(films.rglob("*.dcm"))[:2]
    assert len(dicoms) == 2
    for path in dicoms:
        told = pydicom.dcmread(path)
        told.PatientID = "one and the same"
        told.save_as(path)
    build(films, tmp_path / "ix")
    index = OpenIndex(tmp_path / "ix")
    try:
        names = [path.relative_to(films).as_posix() for path in dicoms]
        cases = [row["case_id"] for row in index.facts.to_pylist() if row["path"] in names]
        people = dict(zip(index.case_ids, _people(index), strict=True))
        assert len(cases) == 2 and people[cases[0]] == people[cases[1]]
        assert len(set(people.values())) == len(people) - 1
    finally:
        index.close()
