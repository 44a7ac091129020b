"""`cbir preprocess`: a chain of steps on one scan, and a picture of what it did."""

from pathlib import Path

import cv2
import nibabel
import numpy as np
import pytest

from tests.retrieval.cli.running import Run, contents

FILM = "queries/Montgomery_0006.dcm"


def test_the_result_and_a_sheet_are_written(run: Run, examples: Path) -> None:
    ran = run("preprocess", examples / FILM, "--steps", "median:3,clahe:2.0", "--out", "film.png")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "film.png\nfilm-before-after.png\n"
    assert {path.name for path in Path().iterdir()} == {"film.png", "film-before-after.png"}
    film = cv2.imread("film.png", cv2.IMREAD_UNCHANGED)
    assert film is not None
    assert film.shape == (384, 384)
    assert film.dtype == np.uint16
    sheet = cv2.imread("film-before-after.png")
    assert sheet is not None
    assert sheet.shape[1] > sheet.shape[0]


def test_without_steps_it_is_what_an_index_does(run: Run, examples: Path) -> None:
    run("preprocess", examples / FILM, "--out", "plain.png")
    run("preprocess", examples / FILM, "--steps", "voi", "--out", "voi.png")
    Path("cbir.toml").write_text('[preprocess]\nCR = ["voi", "median:7"]\n')
    run("preprocess", examples / FILM, "--out", "mine.png")
    run("preprocess", examples / FILM, "--steps", "voi,median:7", "--out", "median.png")
    film = {path.name: path.read_bytes() for path in Path().glob("*.png")}
    assert film["plain.png"] == film["voi.png"]
    assert film["mine.png"] == film["median.png"]
    assert film["mine.png"] != film["plain.png"]


def test_json_names_what_was_written(run: Run, examples: Path) -> None:
    asked = ("preprocess", examples / FILM, "--out", "film.png")
    told = run(*asked, "--format", "json").json
    assert told == {"schema": 1, "out": "film.png", "sheet": "film-before-after.png"}
    assert run(*asked, "-q").out == ""


def test_a_series_becomes_a_volume(run: Run, volumes: Path) -> None:
    ran = run("preprocess", volumes / "a", "--out", "a.nii.gz")
    assert ran.code == 0
    volume = nibabel.loadsave.load("a.nii.gz")
    assert isinstance(volume, nibabel.nifti1.Nifti1Image)
    assert volume.shape == (64, 64, 6)
    assert volume.affine is not None
    assert np.abs(np.diag(volume.affine)).tolist() == [2, 2, 5, 1]
    assert Path("a-before-after.png").exists()


@pytest.mark.parametrize(
    ("steps", "out", "code", "words"),
    [
        ("sharpen:3", "film.png", 2, "there is no step 'sharpen'"),
        ("median:2", "film.png", 2, "median"),
        ("gaussian:2mm", "film.png", 2, "mm"),
        ("voi", "film.jpg", 2, "a picture is written as .png; rename it"),
        ("voi", "none/film.png", 7, "cannot be written: No such file or directory"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_nothing_is_written(
    run: Run, examples: Path, steps: str, out: str, code: int, words: str
) -> None:
    ran = run("preprocess", examples / FILM, "--steps", steps, "--out", out)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.sentence
    assert contents(Path()) == {}


def test_a_scan_that_cannot_be_read_is_named(run: Run) -> None:
    Path("film.png").write_text("no film")
    ran = run("preprocess", "film.png", "--out", "out.png")
    assert ran.code == 4
    assert ran.sentence.startswith("film.png: the content is not DICOM")
    ran = run("preprocess", "none.png", "--out", "out.png")
    assert ran.code == 4
    assert ran.sentence == "there is no file or folder none.png"
    assert set(contents(Path())) == {"film.png"}


def test_the_scan_itself_is_never_written_over(run: Run, examples: Path) -> None:
    shown = cv2.imread(str(examples / "queries" / "Montgomery_0372.jpg"))
    assert shown is not None
    cv2.imwrite("film.png", shown)
    before = contents(Path())
    for command in (("preprocess", "film.png"), ("segment", "./film.png", "--method", "otsu")):
        ran = run(*command, "--out", "film.png")
        assert ran.code == 2
        assert ran.sentence == "film.png is the scan itself; write the result beside it"
    assert contents(Path()) == before
