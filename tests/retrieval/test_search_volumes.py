"""The engine on volumes: cases of several slices, and one slice of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.search import Engine, Query


@pytest.fixture(scope="module")
def volume_engine(volume_index: Path) -> Iterator[Engine]:
    with Engine(volume_index) as opened:
        yield opened


def test_of_volumes_nothing_is_promised_that_was_fitted_on_one_slice(
    volume_engine: Engine, volumes: Path
) -> None:
    answer = volume_engine.query(Query(volumes / "a", k=5))
    assert answer.diagnosis.coverage is None
    (remark,) = [one for one in answer.remarks if "rougher guide" in one]
    assert remark.startswith("the probabilities were fitted on one picture of each case")


def test_hits_are_cases_not_slices(volume_engine: Engine, volumes: Path) -> None:
    answer = volume_engine.query(Query(volumes / "a", k=5))
    assert (answer.index.cases, answer.index.instances) == (3, 18)
    assert [hit.patient_id for hit in answer.priors] == ["P-a"]
    assert {hit.patient_id for hit in answer.hits} == {"P-b", "P-c"}
    assert len(answer.hits) == 2
    assert all(hit.instances == 6 for hit in answer.hits)
    assert answer.priors[0].score == pytest.approx(1, abs=1e-3)
    for hit in (*answer.hits, *answer.priors):
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-5)


def test_one_slice_can_be_asked_about(volume_engine: Engine, volumes: Path) -> None:
    answer = volume_engine.query(Query(volumes / "b" / "b-03.dcm", k=5))
    assert [hit.patient_id for hit in answer.priors] == ["P-b"]
    assert answer.priors[0].slice_index == 3
    assert answer.priors[0].path == "b/b-03.dcm"
    assert {hit.patient_id for hit in answer.hits} == {"P-a", "P-c"}


@pytest.mark.shared
@pytest.mark.slow
def test_chest_ct_finds_its_own_and_other_cases(shared: Path, tmp_path: Path) -> None:
    from indexer.config import Config
    from indexer.pipeline import Options, build

    build(shared / "chest_ct", tmp_path / "ix", Options(config=Config(slices=4)))
    scan = next((shared / "chest_ct" / "covid-19").iterdir())
    with Engine(tmp_path / "ix") as engine:
        answer = engine.query(Query(scan))
    assert [hit.label for hit in answer.priors] == ["covid-19"]
    assert answer.priors[0].score == pytest.approx(1, abs=1e-3)
    assert {hit.label for hit in answer.hits} == {"normal", "pneumonia"}
    assert all(hit.slice_index is not None for hit in answer.hits)
