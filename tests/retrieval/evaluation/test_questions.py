"""Who asks, and who may not answer."""

import shutil
from pathlib import Path

import numpy as np

from indexer.config import Config
from indexer.pipeline import Options, build
from retrieval.evaluation.asking import asking_index
from retrieval.evaluation.questions import groups_of, questions_of
from retrieval.index import OpenIndex
from tests.manifests import manifest_of, write_manifest
from tests.retrieval.evaluation.trained import trained_encoder
from tests.retrieval.films import NOBODY


def test_each_labelled_case_asks_and_its_patient_may_not_answer(opened: OpenIndex) -> None:
    told = questions_of(opened, opened, 100)
    assert len(told.asked) == 12 and told.left_out == {}
    patients = opened.facts.column("patient_id").to_pylist()
    for one in told.asked:
        own = {
            row
            for row, patient in enumerate(patients)
            if patient == one.patient_id and one.patient_id
        }
        assert own <= set(np.flatnonzero(one.own).tolist())
        assert one.own.sum() == max(1, len(own))
        assert one.blocks["embedding"].shape == (1, opened.dims["embedding"])


def test_several_films_of_a_patient_ask_and_none_answers(archive: Path, tmp_path: Path) -> None:
    films = Path(shutil.copytree(archive, tmp_path / "films"))
    rows = manifest_of(films)
    for row in rows[:3]:
        row |= {"patient_id": "one", "study_id": row["path"]}
    write_manifest(films, rows)
    build(films, tmp_path / "ix")
    opened = OpenIndex(tmp_path / "ix")
    try:
        told = questions_of(opened, opened, 100)
        theirs = [one for one in told.asked if one.patient_id == "one"]
        assert len(theirs) == 3
        assert all(one.own.sum() == 3 for one in theirs)
    finally:
        opened.close()


def test_a_query_set_is_described_as_the_archive_was(opened: OpenIndex, examples: Path) -> None:
    with asking_index(opened, examples / "queries", 1, lambda *_: None) as (asking, remarks):
        told = questions_of(asking, opened, 100)
        assert remarks == ()
        # One of the twelve is of a patient of the archive, from whose film it has learned.
        assert len(told.asked) == 11
        assert told.left_out == {"of patients from whose labels the archive has learned": 1}
        assert not any(one.own.any() or one.patient_id == "Montgomery-0006" for one in told.asked)


def test_the_same_bytes_never_answer_for_themselves(
    opened: OpenIndex, archive: Path, tmp_path: Path
) -> None:
    """A film of the archive that comes again under another name and another patient."""
    films = tmp_path / "again"
    (films / "normal").mkdir(parents=True)
    shutil.copy(archive / NOBODY, films / "normal" / "new.jpg")
    write_manifest(films, [{"path": "normal/new.jpg", "patient_id": "new", "label": "normal"}])
    with asking_index(opened, films, 1, lambda *_: None) as (asking, _):
        told = questions_of(asking, opened, 100)
        assert told.asked == ()
        assert told.left_out == {"of patients from whose labels the archive has learned": 1}


def test_no_more_than_asked_for_whole_patients(opened: OpenIndex) -> None:
    told = questions_of(opened, opened, 5)
    assert len(told.asked) == 5
    assert told.left_out == {"beyond the number that was asked for": 7}


def test_ages_are_told_as_groups() -> None:
    assert groups_of({"age": 17.9, "sex": "F", "view": None, "site": ""}) == {
        "age": "2 to 17",
        "sex": "F",
    }
    assert groups_of({"age": 65.0})["age"] == "65 and older"


def test_cases_that_the_encoder_has_learned_from_do_not_ask(archive: Path, tmp_path: Path) -> None:
    """The encoder is named by the path of its spec, as `cbir train` leaves it."""
    seen = [row["path"] for row in manifest_of(archive) if row["label"] == "normal"]
    spec = trained_encoder(tmp_path / "model", [archive / path for path in seen])
    build(archive, tmp_path / "ix", Options(config=Config(encoder=spec)))
    opened = OpenIndex(tmp_path / "ix")
    try:
        told = questions_of(opened, opened, 100)
        assert {one.label for one in told.asked} == {"pneumonia", "tuberculosis"}
        assert told.left_out == {"that the encoder has learned from": 4}
    finally:
        opened.close()
