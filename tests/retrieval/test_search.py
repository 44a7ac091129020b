"""The engine on real films: who is found, why, and who is kept apart."""

import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.errors import UnreadableScan, UsageError
from retrieval.answer import Answer
from retrieval.search import Engine, Query
from tests.retrieval.films import KNOWN, NOBODY, PRIOR, as_jpeg

BLOCKS = ("colour", "edge", "embedding", "text")


@pytest.fixture(scope="module")
def engine(index: Path) -> Iterator[Engine]:
    with Engine(index) as opened:
        yield opened


@pytest.fixture(scope="module")
def film(examples: Path) -> Path:
    """A film of a patient of whom the archive has nothing."""
    return examples / "queries" / "Montgomery_0372.jpg"


def paths(answer: Answer) -> list[str]:
    return [hit.path for hit in answer.hits]


def test_the_parts_of_a_score_sum_to_it(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, text="effusion", k=12))
    assert len(answer.hits) == 12
    for hit in answer.hits:
        assert tuple(hit.contributions) == BLOCKS
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-5)
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] < 1
    assert sum(answer.query.weights.values()) == pytest.approx(1)


def test_weights_change_the_order_and_a_weight_of_0_gives_nothing(
    engine: Engine, film: Path
) -> None:
    orders = []
    for name in ("colour", "edge", "embedding"):
        weights = dict.fromkeys(BLOCKS, 0.0) | {name: 2.0}
        answer = engine.query(Query(film, k=12, weights=weights))
        assert answer.query.weights == dict.fromkeys(BLOCKS, 0.0) | {name: 1.0}
        for hit in answer.hits:
            assert hit.contributions[name] == pytest.approx(hit.score, abs=1e-6)
            assert all(hit.contributions[other] == 0 for other in BLOCKS if other != name)
        orders.append(paths(answer))
    assert len({tuple(order) for order in orders}) == 3


def test_a_score_is_the_weighted_sum_of_the_scores_by_each_descriptor(
    engine: Engine, film: Path
) -> None:
    alone = {}
    for name in ("colour", "edge", "embedding"):
        weights = dict.fromkeys(BLOCKS, 0.0) | {name: 1.0}
        hits = engine.query(Query(film, k=12, weights=weights)).hits
        alone[name] = {hit.path: hit.score for hit in hits}
    asked = {"colour": 1.0, "edge": 2.0, "embedding": 5.0, "text": 0.0}
    for hit in engine.query(Query(film, k=12, weights=asked)).hits:
        expected = sum(asked[name] / 8 * alone[name][hit.path] for name in alone)
        assert hit.score == pytest.approx(expected, abs=1e-5)


def test_words_alone_find_cases_but_no_diagnosis(engine: Engine) -> None:
    answer = engine.query(Query(text="effusion", k=3))
    assert answer.hits[0].path == "pneumonia/NIH_00001248_003.jpg"
    assert answer.hits[0].contributions["text"] == answer.hits[0].score > 0.3
    assert answer.query.weights == {"colour": 0, "edge": 0, "embedding": 0, "text": 1}
    assert (answer.diagnosis.label, answer.diagnosis.abstained) == (None, True)
    assert answer.query.preview == b""


def test_words_beside_a_film_lift_the_cases_that_have_them(engine: Engine, film: Path) -> None:
    alone = engine.query(Query(film, k=12))
    both = engine.query(Query(film, text="effusion", k=12))
    named = "pneumonia/NIH_00001248_003.jpg"
    assert paths(both).index(named) < paths(alone).index(named)
    assert next(hit for hit in both.hits if hit.path == named).contributions["text"] > 0.1
    assert all(hit.contributions["text"] == 0 for hit in alone.hits)
    assert any("rougher guide" in remark for remark in both.remarks)


def test_the_same_patient_is_apart_by_the_name_in_the_header(
    engine: Engine, examples: Path
) -> None:
    answer = engine.query(Query(examples / "queries" / "Montgomery_0006.dcm", k=20))
    assert [hit.path for hit in answer.priors] == [PRIOR]
    assert answer.priors[0].patient_id == answer.query.patient_id == "Montgomery-0006"
    assert len(answer.hits) == 11
    assert PRIOR not in paths(answer)
    assert answer.diagnosis.neighbours <= 11


def test_the_same_patient_is_apart_by_the_bytes_of_an_archived_film(
    engine: Engine, archive: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "anything.jpg"
    copy.write_bytes((archive / KNOWN).read_bytes())
    answer = engine.query(Query(copy, k=20))
    assert answer.query.patient_id == "NIH-00000150"
    assert [hit.path for hit in answer.priors] == [KNOWN]
    assert answer.priors[0].score == pytest.approx(1, abs=1e-3)
    assert KNOWN not in paths(answer)


def test_the_same_patient_is_apart_by_the_name_that_is_given(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, k=20, patient_id="Montgomery-0104"))
    assert [hit.patient_id for hit in answer.priors] == ["Montgomery-0104"]
    assert "Montgomery-0104" not in {hit.patient_id for hit in answer.hits}
    assert not answer.remarks[0].startswith("the query names no patient")


def test_priors_do_not_vote_and_are_not_filtered(engine: Engine, examples: Path) -> None:
    scan = examples / "queries" / "Montgomery_0006.dcm"
    answer = engine.query(Query(scan, k=20, where="label = 'pneumonia'"))
    assert {hit.label for hit in answer.hits} == {"pneumonia"}
    assert [hit.path for hit in answer.priors] == [PRIOR]
    assert answer.diagnosis.neighbours <= 4


def test_an_archived_film_of_nobody_does_not_answer_for_itself(
    engine: Engine, archive: Path
) -> None:
    answer = engine.query(Query(archive / NOBODY))
    assert NOBODY not in [hit.path for hit in answer.hits]
    assert [hit.path for hit in answer.priors] == [NOBODY]
    assert answer.priors[0].score == pytest.approx(1, abs=1e-3)
    assert answer.remarks[0].startswith("the query names no patient")


def test_a_film_as_dicom_and_as_jpeg_is_nearly_the_same(
    engine: Engine, archive: Path, tmp_path: Path
) -> None:
    dicom = "normal/Montgomery_0001.dcm"
    answer = engine.query(Query(as_jpeg(archive / dicom, tmp_path / "film.jpg"), k=2))
    assert answer.hits[0].path == dicom
    assert answer.hits[0].score > 0.98
    assert answer.hits[1].score < answer.hits[0].score


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("label = 'normal'", 4),
        ("label != 'normal'", 8),
        ("age >= 55", 3),
        ("modality = 'CR' and sex = 'F' and age < 56", 2),
        ("modality = 'CT'", 0),
        ("ward = 'east'", 4),
        ("findings contains 'edema'", 1),
        ("age is null", 8),
    ],
)
def test_where_keeps_what_fits(engine: Engine, film: Path, where: str, count: int) -> None:
    answer = engine.query(Query(film, k=12, where=where))
    assert len(answer.hits) == count
    everything = engine.query(Query(film, k=12))
    kept = [path for path in paths(everything) if path in paths(answer)]
    assert kept == paths(answer)


def test_a_filter_that_nothing_fits_abstains(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, where="modality = 'CT'"))
    assert answer.hits == ()
    assert answer.diagnosis.label is None
    assert answer.diagnosis.reason == "no case fits the filter"
    assert "only 0 of 5 cases: there are no others to choose from" in answer.remarks


def test_more_cases_than_there_are(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, k=1000))
    assert [hit.rank for hit in answer.hits] == list(range(1, 13))
    assert len({hit.case_id for hit in answer.hits}) == 12
    assert "only 12 of 1000 cases: there are no others to choose from" in answer.remarks


def test_a_diagnosis_is_a_differential(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film))
    told = answer.diagnosis
    assert set(told.probabilities) == {"normal", "pneumonia", "tuberculosis"}
    assert math.fsum(told.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert told.label == max(told.probabilities, key=lambda name: told.probabilities[name])
    assert told.label in told.set
    assert sum(told.probabilities[name] for name in told.set) >= 0.9
    assert answer.against is not None
    assert told.neighbours > 0


def test_what_is_against_has_another_label(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, k=12))
    labels = {hit.case_id: hit.label for hit in answer.hits}
    against = answer.against
    assert against is not None
    assert labels[against.case_id] != answer.diagnosis.label
    first_other = next(hit for hit in answer.hits if hit.label != answer.diagnosis.label)
    assert against == first_other
    beyond = engine.query(Query(film, k=first_other.rank - 1 or 1)).against
    assert beyond is not None
    assert beyond.case_id == against.case_id
    assert beyond.rank == (0 if first_other.rank > 1 else 1)
    alike = engine.query(Query(film, k=12, where=f"label = '{answer.diagnosis.label}'"))
    assert alike.against is None


def test_the_answer_says_what_was_asked_and_by_whom(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, text="edema", where="age > 5"))
    assert (answer.query.path, answer.query.text) == (str(film), "edema")
    assert (answer.query.where, answer.query.segmentation) == ("age > 5", "none")
    assert answer.query.preview.startswith(b"\xff\xd8")
    assert (answer.index.cases, answer.index.instances, answer.index.generation) == (12, 12, 1)
    assert answer.index.encoder == "efficientnet-lite0"
    assert answer.seconds > 0


def test_previews_are_the_pictures_of_the_hits(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, k=3))
    previews = engine.previews(answer.hits)
    assert set(previews) == {hit.instance for hit in answer.hits}
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in previews.values())
    assert len(set(previews.values())) == 3


def test_asking_again_gives_the_same(engine: Engine, film: Path) -> None:
    assert engine.query(Query(film)).hits == engine.query(Query(film)).hits


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Query(), "nothing was asked"),
        (Query(text="  "), "nothing was asked"),
        (Query(text="edema", k=0), "k is 0; it is at least 1"),
        (Query(text="edema", weights={"shape": 1}), "there is no descriptor 'shape'"),
        (Query(text="edema", weights={"text": math.inf}), "the weight of text is inf"),
        (Query(text="edema", weights={"text": 0}), "weighted 0; give one a weight"),
        (Query(text="qqqq"), "none of the asked words occurs"),
        (Query(text="edema", where="colour = 1"), "there is no column colour"),
    ],
)
def test_what_does_not_fit_is_refused(engine: Engine, asked: Query, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        engine.query(asked)


def test_a_scan_that_cannot_be_read_leaves_the_engine_whole(
    engine: Engine, film: Path, tmp_path: Path
) -> None:
    (tmp_path / "film.jpg").write_bytes(film.read_bytes()[:5000])
    with pytest.raises(UnreadableScan, match=r"film\.jpg: the file ends before") as refused:
        engine.query(Query(tmp_path / "film.jpg"))
    assert refused.value.code == "truncated"
    assert len(engine.query(Query(film)).hits) == 5


def test_cases_chosen_by_their_diagnosis_do_not_speak_for_one(engine: Engine, film: Path) -> None:
    told = engine.query(Query(film, where="label = 'normal'")).diagnosis
    assert (told.label, told.abstained) == (None, True)
    assert told.reason is not None
    assert told.reason.startswith("the filter chooses cases by their diagnosis")


def test_weights_that_cannot_be_added_up_are_refused(engine: Engine, film: Path) -> None:
    with pytest.raises(UsageError, match="too large"):
        engine.query(Query(film, weights={"colour": 1e308, "edge": 1e308}))


def test_an_engine_that_cannot_open_leaves_nothing_waiting(tmp_path: Path, film: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from retrieval.search import Engine\n"
        "try: Engine(Path(sys.argv[1]), expected=Path(sys.argv[2]))\n"
        "except Exception as error: print(type(error).__name__)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "none"), str(film)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ran.stdout, ran.returncode) == ("IndexUnusable\n", 0)


def test_the_scan_that_was_expected_need_not_be_the_one_asked_for(
    index: Path, film: Path, examples: Path
) -> None:
    other = examples / "queries" / "Montgomery_0006.dcm"
    with Engine(index, expected=other) as engine:
        assert engine.query(Query(film)).hits
        assert engine.query(Query(other)).hits
