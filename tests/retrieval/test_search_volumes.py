"""The engine on volumes: cases of several slices, and one slice of them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from models.errors import UnreadableScan, UsageError
from retrieval.aggregation import TABLE
from retrieval.search import Engine, Query
from tests.retrieval.films import series


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


@pytest.mark.parametrize("name", sorted(TABLE))
def test_cases_can_be_ranked_in_another_way(
    volume_engine: Engine, volumes: Path, name: str
) -> None:
    answer = volume_engine.query(Query(volumes / "a", k=5, aggregate=name))
    assert answer.query.aggregate == name
    assert [hit.patient_id for hit in answer.priors] == ["P-a"]
    assert answer.priors[0].score == pytest.approx(1, abs=1e-3)
    assert {hit.patient_id for hit in answer.hits} == {"P-b", "P-c"}
    for hit in answer.hits:
        assert sum(hit.contributions.values()) == pytest.approx(hit.score, abs=1e-5)
    assert any("joined ranks" in one for one in answer.remarks) == (name == "rank-fusion")


def test_the_suggestion_does_not_change_with_the_aggregation(
    volume_engine: Engine, volumes: Path
) -> None:
    asked = [Query(volumes / "a", aggregate=name) for name in ("late", "maximum")]
    first, second = (volume_engine.query(one).diagnosis for one in asked)
    assert first.forced == second.forced


def test_an_aggregation_that_does_not_exist_is_named(volume_engine: Engine, volumes: Path) -> None:
    with pytest.raises(UsageError, match="no aggregation 'median'"):
        volume_engine.query(Query(volumes / "a", aggregate="median"))


def test_fewer_slices_can_be_described_but_not_more(volume_engine: Engine, volumes: Path) -> None:
    few = volume_engine.query(Query(volumes / "a", slices=2))
    assert [hit.patient_id for hit in few.priors] == ["P-a"]
    assert few.priors[0].score == pytest.approx(1, abs=1e-3)
    many = volume_engine.query(Query(volumes / "a", slices=4000))
    assert many.hits == volume_engine.query(Query(volumes / "a")).hits


def test_a_series_of_one_slice_is_a_slice(
    volume_engine: Engine, volumes: Path, tmp_path: Path
) -> None:
    shutil.copy(volumes / "b" / "b-03.dcm", tmp_path / "alone.dcm")
    answer = volume_engine.query(Query(tmp_path, k=5))
    assert [(hit.patient_id, hit.slice_index) for hit in answer.priors] == [("P-b", 3)]


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_series_larger_than_all_others_asks(
    volume_engine: Engine, tmp_path: Path, name: str
) -> None:
    large = series(tmp_path / "large", "large", slices=20, seed=1)
    answer = volume_engine.query(Query(large, k=5, aggregate=name))
    assert len(answer.hits) == 3
    assert all(0 < hit.score <= 1.001 for hit in answer.hits)


def test_slices_that_are_all_the_same_are_a_series(volume_engine: Engine, tmp_path: Path) -> None:
    folder = series(tmp_path / "same", "same", slices=4)
    pixels = pydicom.dcmread(folder / "same-02.dcm").PixelData
    for path in folder.iterdir():
        told = pydicom.dcmread(path)
        told.PixelData = pixels
        told.save_as(path)
    answer = volume_engine.query(Query(folder, k=1, aggregate="ordered"))
    assert len(answer.hits) == 1


def test_slices_without_a_place_are_no_series(volume_engine: Engine, tmp_path: Path) -> None:
    """Nobody could say in which order they lie; one of them alone can be asked about."""
    folder = series(tmp_path / "nowhere", "nowhere", slices=4)
    for path in folder.iterdir():
        told = pydicom.dcmread(path)
        del told.ImagePositionPatient
        told.save_as(path)
    with pytest.raises(UnreadableScan, match="not slices of one volume"):
        volume_engine.query(Query(folder))
    assert len(volume_engine.query(Query(folder / "nowhere-01.dcm", k=1)).hits) == 1


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
