"""The engine on real films, told more than a scan and words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.pipeline import build
from models.errors import UsageError
from retrieval.search import Engine, Query


@pytest.fixture(scope="module")
def engine(index: Path) -> Iterator[Engine]:
    with Engine(index) as opened:
        yield opened


@pytest.fixture(scope="module")
def whole(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The ninety example films: enough for a suggestion."""
    out = tmp_path_factory.mktemp("whole") / "index"
    build(examples / "archive", out)
    with Engine(out) as opened:
        yield opened


@pytest.fixture(scope="module")
def film(examples: Path) -> Path:
    return examples / "queries" / "Montgomery_0372.jpg"


def ids(engine: Engine, asked: Query) -> list[str]:
    return [hit.case_id for hit in engine.query(asked).hits]


def test_marked_cases_do_not_come_back_and_move_the_others(engine: Engine, film: Path) -> None:
    before = ids(engine, Query(film, k=12))
    asked = Query(film, k=12, like=(before[-1],), unlike=(before[0],))
    answer = engine.query(asked)
    after = [hit.case_id for hit in answer.hits]
    assert set(after) == set(before) - {before[0], before[-1]}
    assert after != [case for case in before if case in after]
    for hit in answer.hits:
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-6)
        assert hit.score <= 1
        assert hit.contributions["text"] == 0
    assert (answer.query.like, answer.query.unlike) == (asked.like, asked.unlike)


def test_marks_do_not_change_the_diagnosis(engine: Engine, film: Path) -> None:
    plain = engine.query(Query(film, k=3))
    marked = engine.query(Query(film, k=3, like=(plain.hits[2].case_id,)))
    assert marked.diagnosis == plain.diagnosis


def test_more_like_a_case_of_the_archive(engine: Engine) -> None:
    case = engine.query(Query(text="effusion", k=1)).hits[0]
    answer = engine.query(Query(like=(case.case_id,), k=20))
    assert case.case_id not in {hit.case_id for hit in (*answer.hits, *answer.priors)}
    assert case.patient_id not in {hit.patient_id for hit in answer.hits}
    assert len(answer.hits) == 11
    assert (answer.diagnosis.label, answer.diagnosis.code) == (None, "case")
    assert answer.query.path is None
    assert 0 < answer.hits[0].score <= 1


def test_a_filter_holds_for_marks_too(engine: Engine, film: Path) -> None:
    liked = ids(engine, Query(film, k=1))
    answer = engine.query(Query(film, k=12, like=tuple(liked), where="label = 'normal'"))
    assert {hit.label for hit in answer.hits} == {"normal"}
    nothing = engine.query(Query(film, like=tuple(liked), where="modality = 'CT'"))
    assert nothing.hits == ()


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Query(), "nothing was asked: give a scan, --text, or both, or --like"),
        (Query(text="edema", unlike=("x",)), "--unlike needs a scan or --like"),
        (Query(like=("nobody",)), "the index has no case 'nobody'"),
        (Query(text="edema", refine="diagnosis"), "needs a scan"),
        (Query(text="edema", refine="magic"), "there is no way to refine 'magic'"),
        (Query(like=("x",), spread=True), "--spread is for words alone"),
        (Query(text="zzzz", spread=True), "none of the asked words occurs"),
        (Query(text="edema", k=0), "k is 0"),
        (Query(text="edema", coverage=float("nan")), "coverage is nan"),
    ],
)
def test_what_does_not_fit_together(engine: Engine, asked: Query, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        engine.query(asked)


def test_cases_of_the_suggested_diagnosis_come_first(whole: Engine, examples: Path) -> None:
    suggested = 0
    for scan in sorted((examples / "queries").glob("*.jpg")):
        plain = whole.query(Query(scan, k=10))
        told = whole.query(Query(scan, k=10, refine="diagnosis"))
        assert told.diagnosis == plain.diagnosis
        label = plain.diagnosis.label
        if label is None:
            assert told.hits == plain.hits
            assert "not refined by diagnosis" in told.remarks[-1]
            continue
        suggested += 1
        counts = [sum(hit.label == label for hit in one.hits) for one in (plain, told)]
        assert counts[1] >= counts[0]
        assert "does not speak for it" in told.remarks[-1]
        assert told.against is not None and told.against.label != label
        for hit in told.hits:
            assert hit.contributions["diagnosis"] == pytest.approx(
                0.2 * told.diagnosis.probabilities[hit.label]
            )
            assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-6)
    assert suggested >= 3


def test_words_spread_to_films_that_nobody_annotated(whole: Engine) -> None:
    plain = whole.query(Query(text="effusion", k=90))
    told = whole.query(Query(text="effusion", k=90, spread=True))
    without = [hit for hit in told.hits if not hit.findings]
    assert len({round(hit.score, 6) for hit in plain.hits if not hit.findings}) == 1
    assert len({round(hit.score, 6) for hit in without}) > 10
    for hit in told.hits:
        assert set(hit.contributions) == {"text", "spread"}
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-6)
    assert "Effusion" in told.hits[0].findings
    assert "whose texts match" in told.remarks[-1]


def test_an_archive_without_labels(
    engine: Engine, examples: Path, film: Path, tmp_path: Path
) -> None:
    from indexer.pipeline import Options

    build(examples / "queries", tmp_path / "index", Options(label_from="none"))
    with Engine(tmp_path / "index") as unlabelled:
        answer = unlabelled.query(Query(examples / "archive" / "normal" / "Montgomery_0001.dcm"))
        told = unlabelled.query(
            Query(
                examples / "archive" / "normal" / "Montgomery_0001.dcm",
                refine="diagnosis",
                like=(answer.hits[-1].case_id,),
            )
        )
    assert "not refined by diagnosis" in told.remarks[-1]
    assert len(told.hits) == 5
