"""Asking with a part of a scan: what is found, where, and what does not go."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.pipeline import build
from indexer.region import Region, parsed
from models.errors import UsageError
from retrieval.regional import NO_CELLS
from retrieval.report.html import render as as_html
from retrieval.search import Engine, Query
from tests.conftest import ROOT
from tests.manifests import manifest_of, write_manifest

PATCH = (300, 60, 120, 120)


@pytest.fixture(scope="module")
def marked(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An archive of whose films one has a checkerboard, and its index."""
    films = tmp_path_factory.mktemp("marked") / "archive"
    shutil.copytree(archive, films)
    path = films / "normal" / "Montgomery_0030.jpg"
    film = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
    board(film, (80, 250, 120, 120))
    cv2.imwrite(str(path), film)
    build(films, films.parent / "ix")
    return films, films.parent / "ix"


def board(film: np.ndarray, box: tuple[int, int, int, int]) -> None:
    x, y, w, h = box
    down, across = np.mgrid[:h, :w] // 12
    film[y : y + h, x : x + w] = np.where((down + across) % 2, 230, 20)


@pytest.fixture(scope="module")
def engine(marked: tuple[Path, Path]) -> Iterator[Engine]:
    with Engine(marked[1]) as opened:
        yield opened


@pytest.fixture(scope="module")
def film(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of somebody else with a checkerboard at another place."""
    found = np.asarray(
        cv2.imread(str(examples / "queries" / "Montgomery_0372.jpg"), cv2.IMREAD_GRAYSCALE)
    )
    board(found, PATCH)
    path = tmp_path_factory.mktemp("query") / "film.png"
    cv2.imwrite(str(path), found)
    return path


def test_the_film_with_such_a_region_comes_first_and_the_place_is_told(
    engine: Engine, film: Path
) -> None:
    answer = engine.query(Query(film, region=Region(*PATCH), k=3))
    first = answer.hits[0]
    assert first.path == "normal/Montgomery_0030.jpg"
    assert first.score > answer.hits[1].score + 0.1
    assert first.contributions == {"region": first.score}
    assert first.region is not None
    x, y, w, h = first.region.box
    assert 80 <= x + w / 2 <= 200 and 250 <= y + h / 2 <= 370
    assert first.region.shown == (0, 0, 512, 512)
    assert answer.query.region is not None and answer.query.region.box == PATCH
    assert (answer.diagnosis.label, answer.diagnosis.code) == (None, "region")
    again = engine.query(Query(film, region=Region(*PATCH), k=3))
    assert [hit.score for hit in again.hits] == [hit.score for hit in answer.hits]


def test_a_mask_asks_as_its_box_does(engine: Engine, film: Path, tmp_path: Path) -> None:
    mask = np.zeros((512, 512), np.uint8)
    x, y, w, h = PATCH
    mask[y : y + h, x : x + w] = 255
    path = tmp_path / "mask.png"
    cv2.imwrite(str(path), mask)
    by_box = engine.query(Query(film, region=Region(*PATCH), k=3))
    by_mask = engine.query(Query(film, region=parsed(str(path)), k=3))
    assert [h.score for h in by_mask.hits] == [h.score for h in by_box.hits]
    assert by_mask.query.region is not None
    assert (by_mask.query.region.box, by_mask.query.region.mask) == (PATCH, "mask.png")


def test_the_page_draws_both_boxes(engine: Engine, film: Path) -> None:
    answer = engine.query(Query(film, region=Region(*PATCH), k=1))
    page = as_html(answer, engine.previews(answer.cases))
    assert page.count('<svg class="place" viewBox="0 0 512 512"') == 1  # the hit's
    assert answer.query.region is not None
    shown = " ".join(map(str, answer.query.region.shown))  # without its border
    assert page.count(f'<svg class="place" viewBox="{shown}"') == 1
    assert '<rect x="300" y="60" width="120" height="120"/>' in page


@pytest.mark.parametrize(
    ("region", "told"),
    [
        (Region(500, 0, 20, 20), "500,0,20,20 is not inside the image, which has 512 x 512"),
        (Region(5, 5, 1, 1), "it has 1 pixels; give one of at least 16"),
        (Region(5, 5, 0, 9), "is not inside the image"),
        (Region(0, 0, 50, 50, 3, 1), "is one picture of 512 x 512 pixels; give x,y,w,h"),
        (Region(mask=Path("nowhere.png")), "its mask cannot be read"),
    ],
)
def test_a_region_that_does_not_fit(engine: Engine, film: Path, region: Region, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        engine.query(Query(film, region=region))


def test_a_mask_of_another_size_or_without_a_region(
    engine: Engine, film: Path, tmp_path: Path
) -> None:
    for size, told in (((512, 512), "the mask is empty"), ((100, 512), "another size")):
        path = tmp_path / f"{size[0]}.png"
        cv2.imwrite(str(path), np.zeros(size, np.uint8))
        with pytest.raises(UsageError, match=told):
            engine.query(Query(film, region=Region(mask=path)))


@pytest.mark.parametrize("text", ["nan,0,5,5", "1,2,3", "-1,0,9,9", "1.5,2,9,9", "1,,2,3", ""])
def test_what_is_no_region(text: str) -> None:
    with pytest.raises(UsageError, match="is not one: it is written x,y,w,h"):
        parsed(text)


def test_what_does_not_go_with_a_region(engine: Engine, film: Path) -> None:
    asked = Query(film, region=Region(*PATCH))
    for wrong, told in (
        (replace(asked, text="effusion"), "--text does not go with --region"),
        (replace(asked, scan=None, text="effusion"), "none was given"),
        (replace(asked, weights={"edge": 1.0}), "--weights does not go"),
        (replace(asked, aggregate="maximum"), "--aggregate does not go"),
    ):
        with pytest.raises(UsageError, match=told):
            engine.query(wrong)
    with pytest.raises(UsageError, match="--why does not explain"):
        engine.why(asked, engine.query(asked))


def test_a_filter_holds(engine: Engine, film: Path) -> None:
    asked = Query(film, region=Region(*PATCH), where="label = 'pneumonia'", k=9)
    answer = engine.query(asked)
    assert [hit.label for hit in answer.hits] == ["pneumonia"] * 4


def test_an_index_of_an_earlier_version_answers_all_else(tmp_path: Path, film: Path) -> None:
    index = tmp_path / "ix"
    shutil.copytree(ROOT / "tests" / "data" / "indexes" / "schema-2", index)
    with Engine(index) as opened:
        assert len(opened.query(Query(film, k=2)).hits) == 2
        with pytest.raises(UsageError) as told:
            opened.query(Query(film, region=Region(*PATCH)))
    assert str(told.value) == NO_CELLS


def test_an_added_film_leaves_the_cells_of_the_others(
    marked: tuple[Path, Path], tmp_path: Path
) -> None:
    films, index = (Path(shutil.copytree(one, tmp_path / one.name)) for one in marked)
    before = (index / f"gen-{1:020d}" / "regions" / "00000001.parquet").stat()
    basis = (index / f"gen-{1:020d}" / "heads" / "regions.safetensors").read_bytes()
    row = _another(films)
    shutil.copy(ROOT / "examples" / "archive" / row["path"], films / "new.jpg")
    write_manifest(films, [*manifest_of(films), {**row, "path": "new.jpg"}])
    assert build(films, index).described == 1
    after = (index / f"gen-{2:020d}" / "regions" / "00000001.parquet").stat()
    assert after.st_ino == before.st_ino
    assert (index / f"gen-{2:020d}" / "heads" / "regions.safetensors").read_bytes() == basis


def _another(films: Path) -> dict[str, str]:
    rows = manifest_of(ROOT / "examples" / "archive")
    return next(row for row in rows if not (films / row["path"]).exists())


def test_a_box_in_a_volume(volume_index: Path, volumes: Path) -> None:
    with Engine(volume_index) as opened:
        with pytest.raises(UsageError, match="has 6 slices of 64 x 64 pixels; give x,y,z,w,h,d"):
            opened.query(Query(volumes / "a", region=Region(20, 20, 20, 20)))
        with pytest.raises(UsageError, match="slices 5 to 6 are not in the scan"):
            opened.query(Query(volumes / "a", region=Region(20, 20, 20, 20, 5, 2)))
        answer = opened.query(Query(volumes / "a", region=parsed("20,20,2,20,20,2")))
    assert answer.query.region is not None and answer.query.region.slices == (2, 2)
    assert {hit.patient_id for hit in answer.hits} == {"P-b", "P-c"}
    assert [hit.patient_id for hit in answer.priors] == ["P-a"]
    assert answer.priors[0].score == pytest.approx(1, abs=0.05)
    assert all(hit.region is not None and hit.slice_index is not None for hit in answer.hits)
