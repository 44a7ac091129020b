"""The diagnosis benchmark: patients on one side, the figures that it prints, and its floors."""

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks import floors, medmnist
from benchmarks.asked import check_apart, site_of
from benchmarks.diagnosis import main, sets_of
from benchmarks.films import Film, films_of
from benchmarks.floors import Side

COLUMNS = ("path", "label", "patient_id", "modality", "body_part", "split", "site")


def film(patient: str, **told: str) -> Film:
    return Film(Path(f"{patient}.png"), {"patient_id": patient, "path": "a/b.png", **told})


def test_a_patient_on_two_sides_is_refused() -> None:
    check_apart([film("p"), film("q")], [film("r")])
    with pytest.raises(ValueError, match="1 patients are both in the archive and among"):
        check_apart([film("p"), film("q")], [film("r"), film("q")])
    with pytest.raises(ValueError, match="names no patient"):
        check_apart([film("p"), film("")], [film("r")])


@pytest.mark.shared
def test_no_patient_of_the_chest_films_is_on_two_sides(shared: Path) -> None:
    sets = sets_of(shared / "chest_xray", None, None)
    assert (len(sets.archive), len(sets.queries)) == (993, 364)
    sides = [{one.row["patient_id"] for one in films} for films in (sets.archive, sets.queries)]
    assert (len(sides[0]), len(sides[1])) == (811, 299)
    assert not sides[0] & sides[1]


@pytest.mark.shared
def test_chest_films_of_other_collections_are_near_and_not_strange(shared: Path) -> None:
    sets = sets_of(shared / "chest_xray", shared / "multimodality", shared / "kermany")
    assert sum(map(len, sets.strange.values())) == 2577
    counts = {group: len(films) for group, films in sets.near.items()}
    assert counts == {"medical_mnist, CR CHEST": 110, "vqa_rad, CR CHEST": 81, "kermany": 624}


def test_the_source_of_a_film() -> None:
    assert site_of("images/Shenzhen_CHNCXR_0001_0.jpg", None) == "Shenzhen"
    assert site_of("images/1.jpg", "NIH") == "NIH"


def test_floors_by_hand() -> None:
    archive = Side(
        {"embedding": np.eye(8, dtype=np.float32).repeat(8, axis=0)},
        ("a",) * 48 + ("b",) * 16,
        tuple(map(str, range(64))),
        ("x",) * 64,
    )
    queries = replace(
        archive,
        blocks={"embedding": np.eye(8, dtype=np.float32)[[0, 7]]},
        labels=("a", "b"),
        patients=("y", "z"),
        sites=("x", "x"),
    )
    shares = floors.constant(archive, queries)
    np.testing.assert_allclose(shares.probabilities, [[0.75, 0.25]] * 2)
    assert floors.lda(archive, queries).right.all()


@pytest.fixture
def data(examples: Path, tmp_path: Path) -> Path:
    """Some example films as archive, and those of the queries; JPEG alone, as the floors need."""
    with (examples / "archive" / "cases.csv").open(encoding="utf-8", newline="") as handle:
        rows = [{**row, "split": "archive"} for row in csv.DictReader(handle)]
    chosen = [rows[at] for at in range(len(rows)) if at % 30 < 16]
    taken = {row["patient_id"] for row in chosen}
    with (examples / "queries" / "cases.csv").open(encoding="utf-8", newline="") as handle:
        asked = [{**row, "split": "query"} for row in csv.DictReader(handle)]
    asked = [row for row in asked if row["patient_id"] not in taken]
    chosen, asked = ([r for r in some if r["path"].endswith(".jpg")] for some in (chosen, asked))
    for row in [*chosen, *asked]:
        part = "archive" if row["split"] == "archive" else "queries"
        target = tmp_path / "data" / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(examples / part / row["path"], target)
        row["site"] = site_of(row["path"], None)
    with (tmp_path / "data" / "cases.csv").open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, COLUMNS, extrasaction="ignore")
        table.writeheader()
        table.writerows([*chosen, *asked])
    return tmp_path / "data"


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """Four pictures of noise."""
    folder = tmp_path / "noise"
    folder.mkdir()
    random = np.random.default_rng(0)
    lines = ["path,modality,body_part"]
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), random.integers(0, 256, (96, 96), np.uint8))
        lines.append(f"{number}.png,US,BREAST")
    (folder / "cases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.mark.slow
def test_a_run(data: Path, strange: Path, tmp_path: Path) -> None:
    shown: list[str] = []
    asked = ["--data", str(data), "--ood", str(strange), "--json", str(tmp_path / "figures.json")]
    main(asked, shown.append)
    told = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert list(told["floors"]) == [
        "raw 32 x 32 pixels",
        "constant class",
        "efficientnet-lite0, vote of the nearest",
        "efficientnet-lite0, LDA",
    ]
    assert told["floors"]["constant class"]["AUC"]["value"] == 0.5
    found = told["encoders"]["efficientnet-lite0"]
    films = len([one for one in films_of(data) if one.row["split"] == "query"])
    assert sum(found["codes"].values()) == films
    assert found["coverage"]["films"] == found["calibration"]["films"] == films
    assert set(found["scores"]) == {
        *("accuracy", "balanced accuracy", "AUC", "within NLM AUC", "within NIH AUC"),
    }
    assert 0.3 < found["scores"]["accuracy"]["value"] <= 1
    assert "| efficientnet-lite0, head " in shown[0]
    assert "| target " in shown[0]
    assert "patients on both sides: none" in shown[0]


@pytest.mark.shared
def test_pneumonia_mnist_is_written_as_it_is(shared: Path, tmp_path: Path) -> None:
    films = medmnist.written(shared / "medmnist", "pneumoniamnist", tmp_path, ("val", "test"))
    assert len(films) == 524 + 624
    labels = [film.row["label"] for film in films[524:]]
    assert (labels.count("normal"), labels.count("pneumonia")) == (234, 390)
    with np.load(shared / "medmnist" / "pneumoniamnist.npz") as kept:
        picture = cv2.imread(str(films[0].path), cv2.IMREAD_UNCHANGED)
        assert picture is not None
        assert np.array_equal(picture, kept["val_images"][0])
