"""Archives that are not all chest films of 8 bits with two patients a class."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.augment.asked import Asked
from indexer.augment.enlarge import enlarge
from indexer.made import is_made, separated
from indexer.pipeline import build
from models.errors import NothingToIndex
from tests.indexer.augment.archives import rows_of, smooth, write
from tests.indexer.read.dicom_files import dataset, save
from tests.models.augmenting.films import drawn_lungs
from tests.retrieval.films import series


def test_sixteen_bits_stay_sixteen(examples: Path, tmp_path: Path) -> None:
    """A PNG of 16 bits and a DICOM film of 12; what is made of a JPEG film has 8."""
    archive = tmp_path / "archive"
    smooth(archive / "ill" / "deep.png", 0, bits=16)
    shutil.copy(examples / "archive" / "tuberculosis" / "Shenzhen_0339.jpg", archive / "ill")
    values = np.random.default_rng(0).integers(0, 4096, (64, 64)).astype(np.uint16)
    save(dataset(values, Modality="CR", BitsStored=12, HighBit=11), archive / "ill" / "film.dcm")
    told = enlarge(archive, tmp_path / "out", Asked(times=1, ways=("elastic",)))
    assert told.made == {"elastic": 3}
    kinds, levels = {}, {}
    for row in rows_of(tmp_path / "out"):
        if is_made(row):
            film = cv2.imread(str(tmp_path / "out" / row["path"]), cv2.IMREAD_UNCHANGED)
            assert film is not None
            suffix = Path(separated(row["origin"])[0]).suffix
            kinds[suffix] = film.dtype.name
            levels[suffix] = len(np.unique(film))
    assert kinds == {".png": "uint16", ".dcm": "uint16", ".jpg": "uint8"}
    assert levels[".dcm"] > 2000 and levels[".png"] > 2000


def test_one_film_a_class_is_moved_but_not_mixed(tmp_path: Path) -> None:
    for number, label in enumerate("ab"):
        smooth(tmp_path / "archive" / label / "film.png", number)
    told = enlarge(tmp_path / "archive", tmp_path / "out", Asked(times=2))
    assert told.made == {
        "geometry": 2,
        "grey": 1,
        "elastic": 1,
        "mix": 0,
        "intensity": 0,
        "lesion": 0,
    }
    assert told.labels == {"a": 3, "b": 3}
    with pytest.raises(NothingToIndex, match="films that cannot be made by mix: 2"):
        enlarge(tmp_path / "archive", tmp_path / "mixed", Asked(ways=("mix",)))
    assert not (tmp_path / "mixed").exists()


def test_colour_stays_colour(tmp_path: Path) -> None:
    for number in range(4):
        smooth(tmp_path / "archive" / "skin" / f"{number}.png", number, colour=True)
    told = enlarge(tmp_path / "archive", tmp_path / "out", Asked(times=5))
    assert told.made == {
        "geometry": 4,
        "grey": 4,
        "elastic": 4,
        "mix": 4,
        "intensity": 4,
        "lesion": 0,
    }
    for path in (tmp_path / "out" / "made").rglob("*.png"):
        film = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert film is not None and film.shape == (64, 64, 3)


def test_what_films_cannot_be_made_of_is_kept_and_told(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    series(archive / "ct", "a")
    smooth(archive / "skin" / "small.png", 0, px=20)
    (archive / "skin" / "half.png").write_bytes(
        smooth(archive / "skin" / "a.png", 1).read_bytes()[:99]
    )
    shutil.copy(archive / "skin" / "a.png", archive / "skin" / "twin.png")
    told = enlarge(archive, tmp_path / "out", Asked(times=1, ways=("grey",)))
    assert (told.originals, told.made) == (3, {"grey": 1})
    assert [(one.path, one.code) for one in told.rejects] == [
        ("skin/half.png", "truncated"),
        ("skin/twin.png", "duplicate"),
    ]
    assert told.remarks[-3:-1] == (
        "scans that nothing is made of, since they are volumes or have several frames: 1",
        "scans that nothing is made of, since they are smaller than 32 px: 1",
    )
    rows = rows_of(tmp_path / "out")
    assert [row["path"] for row in rows if "/ct/" in row["path"]] == [
        f"originals/ct/a-{n:02d}.dcm" for n in range(6)
    ]
    assert build(tmp_path / "out", tmp_path / "index").cases == 3


def test_a_patient_who_is_measured_on_is_not_learned_from(tmp_path: Path) -> None:
    rows = []
    for number in range(6):
        smooth(tmp_path / "archive" / f"{number}.png", number)
        rows.append(
            {
                "path": f"{number}.png",
                "label": "ill",
                "patient_id": f"p{number // 2}",
                "split": "test" if number == 0 else "train",
            }
        )
    write(tmp_path / "archive", rows)
    told = enlarge(tmp_path / "archive", tmp_path / "out", Asked(times=1, ways=("mix",)))
    assert told.made == {"mix": 4}
    assert "scans whose patient is kept apart for measuring too, not used: 1" in told.remarks
    made = [row for row in rows_of(tmp_path / "out") if is_made(row)]
    assert {row["patient_id"] for row in made} == {"p1 + p2"}
    assert {row["split"] for row in made} == {"train"}


def test_masks_of_a_lesion_and_masks_that_do_not_fit(tmp_path: Path) -> None:
    rows = []
    for number in range(2):
        smooth(tmp_path / "archive" / f"{number}.png", number, px=96)
        lesion = np.zeros((96, 96), np.uint8)
        lesion[30:50, 30:55] = 255
        cv2.imwrite(str(tmp_path / "archive" / f"ill-{number}.png"), lesion)
        rows.append(
            {
                "path": f"{number}.png",
                "label": "ill",
                "patient_id": f"p{number}",
                "mask": "odd.png" if number else "",
                "lesion_mask": f"ill-{number}.png",
            }
        )
    cv2.imwrite(str(tmp_path / "archive" / "odd.png"), np.full((7, 7), 255, np.uint8))
    write(tmp_path / "archive", rows)
    asked = Asked(times=2, ways=("lesion", "geometry"))
    told = enlarge(tmp_path / "archive", tmp_path / "out", asked)
    assert told.made == {"lesion": 2, "geometry": 2}
    assert told.remarks == ("masks that do not fit their scan, not used: 1",)
    for row in rows_of(tmp_path / "out"):
        assert (tmp_path / "out" / row["lesion_mask"]).is_file()
        if row["made_by"].startswith("lesion"):
            assert "lesion=mask" in row["made_by"]
            mask = cv2.imread(str(tmp_path / "out" / row["lesion_mask"]), cv2.IMREAD_UNCHANGED)
            assert mask is not None and (mask[33:47, 33:52] == 255).all()


def test_a_guessed_lesion_is_in_no_mask(tmp_path: Path) -> None:
    """Only the first film has a mask of its lesion; the second's is guessed from its lungs."""
    archive = tmp_path / "archive"
    rows = []
    archive.mkdir()
    noise = np.random.default_rng(0).integers(90, 110, (128, 128)).astype(np.uint8)
    film = cv2.GaussianBlur(noise, (0, 0), 2)
    film[40:60, 30:46] += 90
    cv2.imwrite(str(archive / "lungs.png"), drawn_lungs(film.shape).astype(np.uint8) * 255)
    for number in range(2):
        cv2.imwrite(str(archive / f"{number}.png"), film + np.uint8(number))
        rows.append({"path": f"{number}.png", "label": "ill", "patient_id": f"p{number}"})
        rows[-1] |= {"mask": "lungs.png", "lesion_mask": "" if number else "lesion.png"}
    lesion = np.zeros(film.shape, np.uint8)
    lesion[40:60, 30:46] = 255
    cv2.imwrite(str(archive / "lesion.png"), lesion)
    enlarge(write(archive, rows), tmp_path / "out", Asked(times=2, ways=("lesion", "grey")))
    made = [row for row in rows_of(tmp_path / "out") if is_made(row)]
    masked = {(row["made_by"].split()[0], row["origin"][-5]): row["lesion_mask"] for row in made}
    assert sorted(masked) == [("grey", "0"), ("grey", "1"), ("lesion", "0"), ("lesion", "1")]
    assert [bool(masked[key]) for key in sorted(masked)] == [True, False, False, False]


def test_a_film_with_alike_lungs_is_left_out_by_name(tmp_path: Path) -> None:
    rows = []
    for number in range(2):
        folder = tmp_path / "archive"
        smooth(folder / f"{number}.png", number, px=96)
        lungs = drawn_lungs((96, 96)).astype(np.uint8) * 255
        cv2.imwrite(str(folder / f"lungs-{number}.png"), lungs)
        flat = np.full((96, 96), 90 + number, np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), flat)
        rows.append(
            {
                "path": f"{number}.png",
                "label": "ill",
                "patient_id": f"p{number}",
                "mask": f"lungs-{number}.png",
            }
        )
    write(tmp_path / "archive", rows)
    asked = Asked(times=1, ways=("lesion", "grey"))
    told = enlarge(tmp_path / "archive", tmp_path / "out", asked)
    assert (told.made, told.origins) == ({"lesion": 0, "grey": 1}, 2)
    assert [(one.path, one.code, one.sentence) for one in told.left_out] == [
        (
            "0.png",
            "unsuited",
            "lesion: no lesion is seen in the other film: its two lungs are alike",
        )
    ]


def test_what_may_pass_is_told_to_have_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a film that cannot be decoded were a machine that was busy."""
    monkeypatch.setattr("indexer.augment.enlarge.PASSING", frozenset({"truncated"}))
    archive = tmp_path / "archive"
    whole = smooth(archive / "ill" / "a.png", 0)
    (archive / "ill" / "half.png").write_bytes(whole.read_bytes()[:99])
    told = enlarge(archive, tmp_path / "out", Asked(times=1, ways=("grey",)))
    assert told.made == {"grey": 1}
    passing = [remark for remark in told.remarks if "may pass" in remark]
    assert passing == [
        "films are missing for reasons that may pass (truncated: 1); enlarging the archive to "
        "another folder tries them again"
    ]
    again = enlarge(archive, tmp_path / "out", Asked(times=1, ways=("grey",)))
    assert again.unchanged and passing[0] in again.remarks


def test_the_bytes_of_a_film_that_is_kept_apart_make_no_films(tmp_path: Path) -> None:
    """0 and 1 are P's, who is learned from; z has the bytes of 0 and only measures."""
    archive = tmp_path / "archive"
    rows = []
    for number, patient in enumerate("PPQQ"):
        smooth(archive / f"{number}.png", number)
        rows.append({"path": f"{number}.png", "label": "ill", "patient_id": patient, "split": ""})
    shutil.copy(archive / "0.png", archive / "z.png")
    apart = {"path": "z.png", "label": "ill", "patient_id": "P", "split": "test"}
    told = enlarge(write(archive, [*rows, apart]), tmp_path / "out", Asked(times=2))
    origins = {
        origin
        for row in rows_of(tmp_path / "out")
        if is_made(row)
        for origin in separated(row["origin"])
    }
    assert {Path(one).name for one in origins} == {"2.png", "3.png"}
    sides = {row["path"]: row["split"] for row in rows_of(tmp_path / "out") if not is_made(row)}
    assert sides["originals/0.png"] == "test"  # its other name is gone
    assert any("kept apart" in remark for remark in told.remarks)
