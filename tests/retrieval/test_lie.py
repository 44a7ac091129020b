"""A scan that lies otherwise than the archive's films is asked about with a remark."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.pipeline import build
from retrieval.search import Engine, Query


@pytest.fixture(scope="module")
def engine(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    out = tmp_path_factory.mktemp("index") / "examples"
    build(examples / "archive", out)
    with Engine(out) as opened:
        yield opened


def quality(engine: Engine, film: Path, tmp_path: Path, turns: int, inverted: bool) -> list[str]:
    picture = cv2.imread(str(film), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    made = np.ascontiguousarray(np.rot90(255 - picture if inverted else picture, turns))
    path = tmp_path / f"{film.stem}-{turns}-{inverted}.png"
    cv2.imwrite(str(path), made)
    return [text.split(":")[0] for text in engine.query(Query(path)).query.quality]


@pytest.mark.slow
def test_turned_and_inverted_queries_are_noticed(
    engine: Engine, examples: Path, tmp_path: Path
) -> None:
    films = sorted((examples / "queries").glob("*.jpg"))
    assert len(films) == 8
    for film in films:
        assert quality(engine, film, tmp_path, 0, False) == []
    for turns, inverted, expected in (
        (1, False, "rotated"),
        (2, False, "rotated"),
        (3, False, "rotated"),
        (0, True, "inverted"),
    ):
        told = [quality(engine, film, tmp_path, turns, inverted) for film in films]
        assert told.count([expected]) >= 7  # one of eight is hard to see
        assert all(text in ([expected], []) for text in told)


@pytest.mark.slow
def test_another_kind_of_picture_is_not_judged(engine: Engine, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 300), np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), noise)
    told = engine.query(Query(tmp_path / "noise.png")).query.quality
    assert not [text for text in told if text.startswith(("rotated", "inverted"))]
