"""The benchmark of indexing runs, on a few example films. Its figures are not judged here."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.films import films_of
from benchmarks.indexing import main
from benchmarks.large_films import SIDE, decoder_alone, write_large
from indexer.read import read


def test_large_films_are_what_a_detector_gives(examples: Path, tmp_path: Path) -> None:
    film = next(film for film in films_of(examples / "archive") if film.path.suffix == ".jpg")
    folder = write_large([film], tmp_path / "large")
    scan = read([folder / "0000.dcm"])
    assert scan.pixels.shape == (SIDE, SIDE)
    assert (scan.bits, scan.header.modality, scan.header.body_part) == (16, "CR", "CHEST")
    frames, cpu_s = decoder_alone(folder)
    assert frames == 1
    assert cpu_s > 0


@pytest.mark.slow
def test_a_quick_run(examples: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    films = str(examples / "archive")
    main(["--data", films, "--quick", "--no-peers", "--memory", "4", "8", "--json", str(out)])
    told: list[dict[str, Any]] = json.loads(out.read_text(encoding="utf-8"))["figures"]
    found = {(figure["section"], figure["name"]): figure for figure in told}
    assert found["films of 512 px", "describing / encoder, CPU"]["target"] == ">= 0.7"
    assert found["films of 512 px", "segmenting the lungs adds"]["value"] > 1
    assert found["2500-px JPEG 2000", "describing / decoder, CPU"]["target"] == ">= 0.8"
    assert 0 < found["2500-px JPEG 2000", "describing / decoder, CPU"]["value"] < 2
    assert found["memory", "peak of all processes, 8 films"]["value"] > 100
