"""An enlarged archive: whole or not there, usable alone, and fair to whoever splits it."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.augment.asked import Asked
from indexer.augment.enlarge import enlarge
from indexer.augment.summary import Enlarged
from indexer.config import Config
from indexer.learn.gather import Asked as Gather
from indexer.learn.gather import gather
from indexer.learn.sides import split_of
from indexer.made import is_made, separated
from indexer.pipeline import build
from models.errors import IndexLocked, NothingToIndex, UsageError
from models.training.progress import silent
from tests.indexer.augment.archives import parted, rows_of, smooth, write
from tests.manifests import manifest_of, write_manifest
from tests.models.augmenting.films import drawn_lungs
from tests.retrieval.cli.running import contents
from tests.retrieval.films import NOBODY, small_archive

ASKED = Asked(times=3, ways=("geometry", "grey", "elastic", "mix", "intensity"), workers=2)


@pytest.fixture(scope="module")
def archive(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve films; of each class one patient's are set apart, and some have lungs drawn."""
    folder = small_archive(examples, tmp_path_factory.mktemp("films") / "archive")
    rows = manifest_of(folder)
    for number, row in enumerate(rows):
        row["split"] = "query" if number % 4 == 3 else "archive"
        row["mask"] = ""
        if number % 4 < 2 and row["path"].endswith(".jpg"):
            picture = cv2.imread(str(folder / row["path"]), cv2.IMREAD_GRAYSCALE)
            assert picture is not None
            row["mask"] = f"masks/{number}.png"
            (folder / "masks").mkdir(exist_ok=True)
            lungs = drawn_lungs(picture.shape).astype(np.uint8) * 255
            cv2.imwrite(str(folder / row["mask"]), lungs)
    write_manifest(folder, rows)
    return folder


@pytest.fixture(scope="module")
def enlarged(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Enlarged]:
    out = tmp_path_factory.mktemp("enlarged") / "archive"
    return out, enlarge(archive, out, ASKED)


def test_it_says_what_it_did(archive: Path, enlarged: tuple[Path, Enlarged]) -> None:
    out, told = enlarged
    assert (told.originals, told.origins, sum(told.made.values())) == (12, 9, 27)
    assert told.made == {"geometry": 7, "grey": 7, "elastic": 5, "mix": 4, "intensity": 4}
    assert told.labels == {"normal": 13, "pneumonia": 13, "tuberculosis": 13}
    assert (told.rejects, told.left_out) == ((), ())
    alone = "(no other patient of the class, modality, body part and view in their circle)"
    assert told.remarks == (
        "scans that name no patient, each taken for a patient of its own: 1; leakage between the "
        "sides of a split cannot be excluded",
        f"films that cannot be made by intensity: 1 {alone}",
        f"films that cannot be made by mix: 1 {alone}",
    )
    assert json.loads((out / "augment.json").read_text())["summary"] == told.to_json() | {
        "out": "",
        "rejects": [],
        "left_out": [],
        "remarks": list(told.remarks),
    }
    assert sorted(path.name for path in out.iterdir()) == [
        *("augment.json", "cases.csv", "made", "originals"),
    ]
    assert [path.name for path in out.parent.iterdir()] == ["archive"]


def test_every_row_points_to_its_origin(archive: Path, enlarged: tuple[Path, Enlarged]) -> None:
    rows = rows_of(enlarged[0])
    by_path = {row["path"]: row for row in rows}
    before = {row["path"]: row for row in manifest_of(archive)}
    for row in rows:
        assert (enlarged[0] / row["path"]).is_file()
        if not is_made(row):
            old = before[row["path"].removeprefix("originals/")]
            assert (row["label"], row["split"], row["ward"]) == (
                old["label"],
                old["split"],
                old["ward"],
            )
            assert row["origin_patient"] in (old["patient_id"], f"scan {old['path']}")
            continue
        origins = [by_path[path] for path in separated(row["origin"])]
        way = row["made_by"].split(" ")[0]
        assert len(origins) == (2 if way in ("mix", "intensity") else 1)
        assert {row["label"]} == {origin["label"] for origin in origins}
        assert {row["patient_id"]} == {origin["patient_id"] for origin in origins}
        owners = [origin["origin_patient"] for origin in origins]
        assert separated(row["origin_patient"]) == owners
        assert len(set(owners)) == len(owners)
        assert {"query"}.isdisjoint(origin["split"] for origin in origins)
        assert (row["modality"], row["body_part"], row["study_id"]) == ("CR", "CHEST", "")
        assert (row["mask"] != "") == all(
            origin["mask"] for origin in origins[: 2 if way == "mix" else 1]
        )


def test_masks_have_the_size_of_their_films(enlarged: tuple[Path, Enlarged]) -> None:
    masked = [row for row in rows_of(enlarged[0]) if row["mask"] and is_made(row)]
    assert len(masked) >= 8
    for row in masked:
        film, mask = (
            cv2.imread(str(enlarged[0] / row[name]), cv2.IMREAD_UNCHANGED)
            for name in ("path", "mask")
        )
        assert film is not None and mask is not None
        assert film.shape == mask.shape
        assert set(np.unique(mask).tolist()) == {0, 255}
        assert 0.1 < (mask > 0).mean() < 0.5


def test_training_never_has_a_film_on_another_side_than_its_origins(
    archive: Path, enlarged: tuple[Path, Enlarged], tmp_path: Path
) -> None:
    """As `cbir train` splits, with the archive's own test films and with drawn ones."""
    for free in (False, True):
        rows = rows_of(enlarged[0])
        for row in rows:
            row["split"] = "" if free else row["split"]
        manifest = enlarged[0] / "free.csv"
        write_manifest(tmp_path, rows)
        shutil.copy(tmp_path / "cases.csv", manifest)
        found = gather(manifest, tmp_path / f"run-{free}", Gather(Config(), 32), silent)
        manifest.unlink()
        made = np.array([is_made(facts) for facts in found.facts])
        assert made.sum() == 27
        for seed in range(6):
            split, _ = split_of(found, np.arange(len(found.scan)), seed)
            assert not made[split.test].any() and not made[split.validation].any()
            side = {found.keys[row]: "train" for row in split.train}
            side |= {found.keys[row]: "other" for row in (*split.test, *split.validation)}
            for row in split.train:
                origins = separated(str(found.facts[row].get("origin") or ""))
                assert {side[origin] for origin in origins} <= {"train"}
            assert len(split.test) and len(split.validation)


def test_an_index_leaves_made_films_out(enlarged: tuple[Path, Enlarged], tmp_path: Path) -> None:
    summary = build(enlarged[0], tmp_path / "index")
    assert (summary.cases, summary.rejected) == (12, 0)
    assert any("films that were made (`cbir augment`), left out: 27" in r for r in summary.remarks)


def test_the_same_again_does_nothing(
    archive: Path, enlarged: tuple[Path, Enlarged], tmp_path: Path
) -> None:
    out, told = enlarged
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = enlarge(archive, out, ASKED)
    assert again.unchanged and again.made == told.made
    assert "39 films (nothing changed)" in again.to_text()
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    other = tmp_path / "other"
    enlarge(archive, other, ASKED)
    assert contents(other / "made") == contents(out / "made")
    assert (other / "cases.csv").read_bytes() == (out / "cases.csv").read_bytes()
    with pytest.raises(UsageError, match="was made of another state of the archive or with other"):
        enlarge(archive, out, Asked(times=2))


@pytest.mark.parametrize("stop_at", [("look", 5), ("make", 1), ("make", 14), ("make", 27)])
def test_interrupted_it_is_not_there_and_goes_on(
    archive: Path, enlarged: tuple[Path, Enlarged], tmp_path: Path, stop_at: tuple[str, int]
) -> None:
    out = tmp_path / "enlarged"

    def progress(stage: str, done: int, total: int) -> None:
        if (stage, done) == stop_at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enlarge(archive, out, ASKED, progress)
    assert not out.exists()
    part = tmp_path / ".enlarged.part"
    if stop_at[0] == "make":
        with pytest.raises(NothingToIndex):  # hidden, and without a table: no archive
            build(tmp_path, tmp_path / "index")
        journal = (part / "journal.jsonl").read_text()
        (part / "journal.jsonl").write_text(journal[:-9])  # as a loss of power leaves it
        (part / "made" / ".film.png.0a1b").write_bytes(b"half a film")
    seen = []
    told = enlarge(archive, out, ASKED, lambda stage, done, total: seen.append((stage, done)))
    assert ("make", max(0, stop_at[1] - 1) if stop_at[0] == "make" else 0) in seen
    assert told.made == enlarged[1].made
    assert contents(out) == contents(enlarged[0])
    assert not part.exists()


def test_a_half_run_of_other_settings_is_not_gone_on_with(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "enlarged"

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "make" and done == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        enlarge(archive, out, Asked(times=2, ways=("elastic",)), progress)
    enlarge(archive, out, Asked(times=1, ways=("grey",)))
    assert {path.name for path in (out / "made").iterdir()} == {"grey"}


def test_two_at_once_are_refused(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "enlarged"
    refused = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "make" and done == 1:
            with pytest.raises(IndexLocked):
                enlarge(archive, out, ASKED)
            refused.append(done)

    enlarge(archive, out, ASKED, progress)
    assert refused == [1]


def test_it_never_writes_into_the_archive_or_over_anything(archive: Path, tmp_path: Path) -> None:
    before = contents(archive)
    for out in (archive, archive / "more", archive.parent):
        with pytest.raises(UsageError, match="lie in each other"):
            enlarge(archive, out, ASKED)
    with pytest.raises(UsageError, match="lie in each other"):
        enlarge(archive / "cases.csv", archive / "more", ASKED)
    (tmp_path / "film.png").write_bytes(b"mine")
    with pytest.raises(UsageError, match="holds something else; give a new or an empty folder"):
        enlarge(archive, tmp_path, ASKED)
    with pytest.raises(UsageError, match=r"film\.png is a file; give a folder"):
        enlarge(archive, tmp_path / "film.png", ASKED)
    assert contents(archive) == before
    assert contents(tmp_path) == {"film.png": b"mine"}


def test_an_enlarged_archive_is_not_enlarged(
    enlarged: tuple[Path, Enlarged], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is an enlarged one already; give the one it was made"):
        enlarge(enlarged[0], tmp_path / "more", ASKED)
    smooth(tmp_path / "own" / "a.png", 0)
    write(tmp_path / "own", [{"path": "a.png", "label": "ill", "made_by": "Siemens"}])
    with pytest.raises(UsageError, match="has a column 'made_by', which is needed; rename it"):
        enlarge(tmp_path / "own", tmp_path / "more", ASKED)


def test_a_dry_run_writes_nothing(archive: Path, tmp_path: Path) -> None:
    told = enlarge(archive, tmp_path / "out", ASKED, dry_run=True)
    assert told.dry_run and sum(told.made.values()) == 27
    assert told.to_text().startswith("would make 27 films of 9 (geometry 7, ")
    assert list(tmp_path.iterdir()) == []


def test_the_film_that_nobody_knows_is_kept_together(enlarged: tuple[Path, Enlarged]) -> None:
    rows = rows_of(enlarged[0])
    own = next(row for row in rows if row["path"] == f"originals/{NOBODY}")
    if own["split"] == "query":
        assert own["patient_id"] == ""
    else:
        assert f"scan {NOBODY}" in own["patient_id"]
    assert parted(rows, [hash(row["patient_id"]) for row in rows]) == []
