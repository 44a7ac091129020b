"""The benchmark of regions: who asks whom, what is paired with what, and that it runs."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.floors import Side
from benchmarks.regions import asked, gained, in_own_source, main
from tests.conftest import ROOT


def films(vectors: list[list[float]], labels: str, patients: str, sites: str) -> Side:
    blocks = {"embedding": np.array(vectors, np.float32)}
    return Side(blocks, tuple(labels), tuple(patients), tuple(sites))


def test_a_patient_does_not_answer_for_himself() -> None:
    side = films([[1, 0], [1, 0], [0, 1], [0.9, 0.1]], "aaba", "ppqr", "xxxx")
    found = asked(side, side, "embedding")
    assert found[:2, 0].tolist() == [1, 1]  # by the last one
    assert np.isnan(found[2]).all()  # nobody else has its label


def test_within_a_source_only_its_films_answer() -> None:
    side = films([[1, 0], [1, 0.1], [0.2, 1], [0.9, 0.4]], "abab", "pqrs", "xyxy")
    assert asked(side, side, "embedding")[:, 0].tolist() == [0, 0, 0, 1]
    assert in_own_source(side, side, "embedding")[:, 0].tolist() == [1, 1, 1, 1]


def test_what_is_gained_is_paired() -> None:
    floor = np.array([0.1, 0.9, 0.4, 0.6])
    found = gained(floor + 0.05, floor, "pqrs")
    assert (found.value, found.low, found.high) == pytest.approx((0.05, 0.05, 0.05))


@pytest.mark.slow
def test_it_runs_on_the_example_films(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples" / "archive", tmp_path / "films")
    manifest = tmp_path / "films" / "cases.csv"
    with manifest.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    patients = sorted({row["patient_id"] for row in rows})
    for row in rows:
        row["split"] = "query" if patients.index(row["patient_id"]) % 4 == 0 else "archive"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    shown: list[str] = []
    main(["--data", str(tmp_path / "films"), "--segmenter", "otsu"], shown.append)
    lines = shown[0].splitlines()
    assert len(lines) == 2 + 2 * 2 * 4 * 2
    assert lines[2].startswith("| archive | all | colour | none | 0.")
    assert lines[-1].startswith("| query | own source | all | otsu | 0.")
