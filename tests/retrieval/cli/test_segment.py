"""`cbir segment`: what a method finds in one scan."""

import re
from pathlib import Path

import cv2
import pytest

from tests.retrieval.cli.running import Run, contents

FILM = "queries/Montgomery_0006.dcm"


def test_the_region_is_drawn_and_its_size_is_told(run: Run, examples: Path) -> None:
    ran = run("segment", examples / FILM, "--method", "otsu", "--out", "film.png")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(r"film\.png\notsu: \d+\.\d% of the scan\n", ran.out)
    drawn = cv2.imread("film.png")
    assert drawn is not None
    assert drawn.shape == (640, 640, 3)
    coloured = (drawn.max(axis=2) - drawn.min(axis=2) > 20).mean()
    assert 0.05 < coloured < 0.95
    assert set(contents(Path())) == {"film.png"}


def test_json_tells_the_same(run: Run, examples: Path) -> None:
    asked = ("segment", examples / FILM, "--method", "none", "--out", "film.png")
    told = run(*asked, "--format", "json").json
    assert told == {"schema": 1, "out": "film.png", "told": "none: the whole scan"}
    assert run(*asked, "-q").out == ""


def test_a_method_that_fails_says_so(run: Run, examples: Path) -> None:
    ran = run("segment", examples / FILM, "--method", "ct_lungs", "--out", "film.png")
    assert ran.code == 0
    assert ran.out.startswith("film.png\nct_lungs: it works on HU")
    assert ran.out.endswith("the whole scan is used\n")


def test_a_series_is_a_sheet_of_slices(run: Run, volumes: Path) -> None:
    ran = run("segment", volumes / "a", "--method", "hu_range:-100,300", "--out", "a.png")
    assert ran.code == 0
    sheet = cv2.imread("a.png")
    assert sheet is not None
    assert sheet.shape == (2 * 320, 4 * 320, 3)


@pytest.mark.parametrize(
    ("method", "out", "code", "words"),
    [
        ("lungs", "film.png", 2, "there is no segmenter 'lungs'"),
        ("hu_range:low,high", "film.png", 2, "does not fit; write numbers after the name"),
        ("otsu", "film.jpg", 2, "the drawing is written as .png; rename it"),
        ("otsu", "none/film.png", 7, "cannot be written: No such file or directory"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_nothing_is_written(
    run: Run, examples: Path, method: str, out: str, code: int, words: str
) -> None:
    ran = run("segment", examples / FILM, "--method", method, "--out", out)
    assert (ran.code, ran.out) == (code, "")
    assert words in ran.sentence
    assert contents(Path()) == {}
