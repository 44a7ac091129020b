"""One scan alone: what a chain or a method does to it."""

from pathlib import Path

import cv2
import pytest

from indexer.config import Config
from indexer.workshop import preprocess_file, segment_file
from models.errors import CannotWrite, UnreadableScan, UsageError


@pytest.fixture
def film(examples: Path) -> tuple[str, ...]:
    return (str(examples / "queries" / "Montgomery_0006.dcm"),)


def test_the_chain_of_the_configuration_is_taken(film: tuple[str, ...], tmp_path: Path) -> None:
    own = Config(preprocess={"CR": ("voi", "median:7")})
    sheet = preprocess_file(film, tmp_path / "own.film.png", own, None)
    assert sheet == tmp_path / "own-before-after.png"
    preprocess_file(film, tmp_path / "same.png", Config(), "median:7")
    preprocess_file(film, tmp_path / "plain.png", Config(), None)
    own_film, same, plain = (
        cv2.imread(str(tmp_path / name), cv2.IMREAD_UNCHANGED)
        for name in ("own.film.png", "same.png", "plain.png")
    )
    assert own_film is not None and same is not None and plain is not None
    assert (own_film == same).all()
    assert (own_film != plain).mean() > 0.1


def test_the_method_of_the_configuration_is_taken(film: tuple[str, ...], tmp_path: Path) -> None:
    out = tmp_path / "film.png"
    assert segment_file(film, out, Config(), "auto") == "none: the whole scan"
    told = segment_file(film, out, Config(segment={"CR": "otsu"}), "auto")
    assert told == segment_file(film, out, Config(), "otsu")
    assert told.startswith("otsu: ")
    assert [path.name for path in tmp_path.iterdir()] == ["film.png"]


def test_what_is_wrong_is_told_and_nothing_is_written(
    film: tuple[str, ...], tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="there is no step 'sharpen'"):
        preprocess_file(film, tmp_path / "a.png", Config(), "sharpen")
    with pytest.raises(UsageError, match="there is no segmenter 'lungs'"):
        segment_file(film, tmp_path / "a.png", Config(), "lungs")
    with pytest.raises(UsageError, match=r"the drawing is written as \.png"):
        segment_file(film, tmp_path / "a.gif", Config(), "otsu")
    with pytest.raises(UnreadableScan, match=r"none\.png: there is no such file") as refused:
        segment_file(("none.png",), tmp_path / "a.png", Config(), "otsu")
    assert refused.value.code == "missing"
    with pytest.raises(CannotWrite, match=r"a\.png.* cannot be written"):
        segment_file(film, tmp_path / "none" / "a.png", Config(), "otsu")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="is the scan itself"):
        preprocess_file(film, Path(film[0]), Config(), None)
