"""The public sets, their sides and their published figures."""

from pathlib import Path

import pytest

from benchmarks import mahbod2025
from benchmarks.accuracy import main
from benchmarks.accuracy_sets import HEADROOM, SETS, films_of_set

DATA_SETS = ["chest_xray", "kermany"]


@pytest.mark.shared
@pytest.mark.parametrize("name", DATA_SETS)
def test_sides_are_apart(shared: Path, tmp_path: Path, name: str) -> None:
    films = films_of_set(name, shared, tmp_path)
    sides = [{film.row["patient_id"] for film in side} for side in (films.archive, films.queries)]
    assert sides[0] and sides[1] and not sides[0] & sides[1]
    assert all(film.row["label"] for film in (*films.archive, *films.queries))


@pytest.mark.shared
def test_sources_of_chest_films(shared: Path, tmp_path: Path) -> None:
    films = films_of_set("chest_xray", shared, tmp_path)
    assert {film.row["site"] for film in films.queries} == {"NLM", "NIH"}


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # What the set's keepers measured of raw pixels: mAP@5, mMV@5, ACC@1.
        ("pneumoniamnist", (0.868, 0.857, 0.841)),
        ("breastmnist", (0.854, 0.821, 0.833)),
    ],
)
def test_raw_pixels_by_their_way(
    shared: Path, name: str, expected: tuple[float, float, float]
) -> None:
    found = mahbod2025.raw_pixels(shared / "medmnist", name)
    assert found[:3] == pytest.approx(expected, abs=0.0006)


@pytest.mark.shared
@pytest.mark.parametrize("name", list(mahbod2025.SETS))
def test_published_rows(shared: Path, name: str) -> None:
    rows = {one.extractor: one.figures for one in mahbod2025.published(shared / "medmnist", name)}
    assert len(rows) == 9
    assert rows["BiomedCLIP"][2] == pytest.approx({"p": 0.8574, "b": 0.8141}[name[0]])


@pytest.mark.shared
@pytest.mark.slow
def test_one_set_from_end_to_end(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    out = tmp_path / "figures.json"
    main(
        ["--data", str(shared), "--set", "breastmnist", "--json", str(out)],
        told.append,
    )
    (text,) = told
    assert "| hit_rate@1 |" in text and "| BiomedCLIP | 84.44 |" in text
    assert "| cbir (ours) |" in text and "| refined by diagnosis (ours) |" in text
    assert '"breastmnist"' in out.read_text(encoding="utf-8")


def test_every_target_is_of_a_measure_that_is_taken() -> None:
    from models.measures.ranked import measure

    for one in SETS.values():
        for wanted in one.wanted:
            if wanted.measure != HEADROOM:
                measure(wanted.measure)
            assert 0 < wanted.least < 1
