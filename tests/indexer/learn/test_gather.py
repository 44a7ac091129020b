"""Gathering films to train on: what an index would see, once, and nothing lost in silence."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.config import Config
from indexer.learn.gather import Asked, gather
from models.errors import NothingToIndex
from models.training.progress import silent

ASKED = Asked(Config(), 64, workers=1)


@pytest.fixture
def archive(examples: Path, tmp_path: Path) -> Path:
    """Eight example films with their manifest."""
    folder = tmp_path / "archive"
    folder.mkdir()
    rows = rows_of(examples / "archive")[::12]
    for row in rows:
        target = folder / row["path"]
        target.parent.mkdir(exist_ok=True)
        shutil.copy(examples / "archive" / row["path"], target)
    write(folder, rows)
    return folder


def write(folder: Path, rows: list[dict[str, str]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with (folder / "cases.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "cases.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_pictures_are_those_that_an_index_s_encoder_gets(archive: Path, tmp_path: Path) -> None:
    from indexer.prepare import prepare

    found = gather(archive, tmp_path / "run", ASKED, silent)
    assert found.pictures.shape == (8, 64, 64, 1) and found.masks is None
    for row, key in zip(found.pictures, found.keys, strict=True):
        path = str(archive / key)
        config = '{"encoder": "efficientnet-lite0"}'
        _, arrays = prepare({"paths": [path], "config": config, "size": 64})
        np.testing.assert_array_equal(row, arrays["pictures"][0])


def test_read_once(archive: Path, tmp_path: Path) -> None:
    stages = []
    first = gather(archive, tmp_path / "run", ASKED, lambda *told: stages.append(told[0]))
    assert set(stages) == {"read"}
    again = gather(archive, tmp_path / "run", ASKED, lambda *told: pytest.fail("read again"))
    np.testing.assert_array_equal(first.pictures, again.pictures)
    assert again.facts == first.facts and again.sha256 == first.sha256


@pytest.mark.parametrize("change", ["film", "size", "manifest", "half"])
def test_read_again_when_something_has_changed(archive: Path, tmp_path: Path, change: str) -> None:
    gather(archive, tmp_path / "run", ASKED, silent)
    asked = ASKED
    if change == "film":
        path = archive / rows_of(archive)[0]["path"]
        path.write_bytes(path.read_bytes() + b"\0")
    elif change == "size":
        asked = replace(ASKED, size=32)
    elif change == "manifest":
        write(archive, [{**row, "label": "other"} for row in rows_of(archive)])
    else:
        pictures = tmp_path / "run" / "films" / "pictures"
        pictures.write_bytes(pictures.read_bytes()[:-1])
    stages = []
    gather(archive, tmp_path / "run", asked, lambda *told: stages.append(told[0]))
    assert stages


def test_what_cannot_be_read_is_named_and_the_rest_is_taken(archive: Path, tmp_path: Path) -> None:
    rows = rows_of(archive)
    (archive / rows[0]["path"]).write_bytes(b"\xff\xd8\xff\xe0 no film")
    shutil.copy(archive / rows[1]["path"], archive / rows[2]["path"])
    found = gather(archive, tmp_path / "run", ASKED, silent)
    assert len(found.keys) == 6
    assert sorted(reject.code for reject in found.rejects) == ["duplicate", "truncated"]


def test_nothing_that_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "film.png").write_bytes(b"\x89PNG\r\n\x1a\n no film")
    with pytest.raises(NothingToIndex, match=r"could be read; the first: film\.png: "):
        gather(tmp_path / "archive", tmp_path / "run", ASKED, silent)


def test_a_colour_picture_makes_all_of_them_colour(archive: Path, tmp_path: Path) -> None:
    plain = gather(archive, tmp_path / "plain", ASKED, silent)
    rows = rows_of(archive)
    colour = np.zeros((80, 80, 3), np.uint8)
    colour[..., 2] = 200
    cv2.imwrite(str(archive / "zz.png"), colour)
    write(archive, [*rows, {**dict.fromkeys(rows[0], ""), "path": "zz.png", "label": "x"}])
    found = gather(archive, tmp_path / "run", ASKED, silent)
    assert found.pictures.shape == (9, 64, 64, 3)
    np.testing.assert_array_equal(found.pictures[:-1], np.repeat(plain.pictures, 3, axis=-1))
    assert found.pictures[-1, 30, 30].tolist() == [200, 0, 0]


def test_masks_come_along_unless_they_are_of_another_size(archive: Path, tmp_path: Path) -> None:
    rows = rows_of(archive)
    pictures = [row for row in rows if row["path"].endswith(".jpg")]
    for row, size in ((pictures[0], None), (pictures[1], (10, 10))):
        film = cv2.imread(str(archive / row["path"]), 0)
        assert film is not None
        mask = np.zeros(size or film.shape, np.uint8)
        mask[: mask.shape[0] // 2] = 255
        row["mask"] = f"{Path(row['path']).stem}-mask.png"
        cv2.imwrite(str(archive / row["mask"]), mask)
    write(archive, rows)
    found = gather(archive, tmp_path / "run", replace(ASKED, whole=True), silent)
    assert found.masked.sum() == 1 and found.masks is not None
    mask = found.masks[int(np.flatnonzero(found.masked)[0])]
    assert mask[:31].min() == 255 and mask[33:].max() == 0
    assert found.remarks[-1] == "masks of another size than their scan, left out: 1"


def test_slices_of_a_volume_are_of_one_scan(tmp_path: Path) -> None:
    import nibabel

    (tmp_path / "archive").mkdir()
    values = np.random.default_rng(0).integers(0, 200, (20, 20, 6)).astype(np.int16)
    volume = nibabel.Nifti1Image(values, np.eye(4))  # type: ignore[no-untyped-call]
    nibabel.save(volume, tmp_path / "archive" / "one.nii.gz")
    asked = replace(ASKED, config=Config(slices=4))
    found = gather(tmp_path / "archive", tmp_path / "run", asked, silent)
    assert found.scan.tolist() == [0, 0, 0, 0]
    assert found.patients() == ["scan one.nii.gz"] * 4


def test_a_film_on_two_sides_is_not_learned_from(archive: Path, tmp_path: Path) -> None:
    rows = rows_of(archive)
    rows = [{**row, "split": "archive"} for row in rows]
    copy = "zz-copy.jpg"
    shutil.copy(archive / rows[0]["path"], archive / copy)
    write(archive, [*rows, {**rows[0], "path": copy, "split": "test"}])
    found = gather(archive, tmp_path / "run", ASKED, silent)
    sides = dict(zip(found.keys, found.column("split"), strict=True))
    assert len(sides) == 8
    assert sides.pop(rows[0]["path"]) == "test"
    assert set(sides.values()) == {"archive"}


def test_a_mask_that_was_drawn_anew_is_read_anew(archive: Path, tmp_path: Path) -> None:
    rows = rows_of(archive)
    masked = next(row for row in rows if row["path"].endswith(".jpg"))
    film = cv2.imread(str(archive / masked["path"]), cv2.IMREAD_GRAYSCALE)
    assert film is not None
    mask = np.zeros(film.shape, np.uint8)
    mask[: len(mask) // 2] = 255
    cv2.imwrite(str(archive / "mask.png"), mask)
    write(archive, [{**row, "mask": "mask.png" if row is masked else ""} for row in rows])
    first = gather(archive, tmp_path / "run", ASKED, silent)
    assert first.masks is not None
    half = float(first.masks.mean())
    mask[:] = 255
    cv2.imwrite(str(archive / "mask.png"), mask)
    again = gather(archive, tmp_path / "run", ASKED, silent)
    assert again.masks is not None
    assert again.masks.mean() > 1.5 * half > 0
