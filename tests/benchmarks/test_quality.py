"""The benchmark of the checks runs, on the example films. How good they are is not judged here."""

import json
import shutil
from pathlib import Path

import pytest

from benchmarks.faults import faults, film_scan, twelve_bits
from benchmarks.films import films_of
from benchmarks.quality import codes_on, levels_of, main, recalls
from indexer.quality import CODES


def test_each_fault_has_codes_that_exist_and_a_name_of_its_own() -> None:
    every = list(faults())
    assert len({(fault.name, fault.strength) for fault in every}) == len(every) == 50
    assert {code for fault in every for code in fault.codes} <= set(CODES)


def test_twelve_bits_show_the_film_as_eight_do(examples: Path) -> None:
    film = levels_of(films_of(examples / "queries")[-1])
    assert codes_on(twelve_bits(film)) == codes_on(film_scan(film))


def test_recall_and_precision_are_shares_of_films(examples: Path) -> None:
    films = [f for f in films_of(examples / "archive") if f.path.suffix == ".jpg"][:4]
    chosen = [fault for fault in faults() if fault.name in ("constant", "noise")]
    rows = recalls("examples", [levels_of(film) for film in films], chosen)
    assert [(row.fault, row.strength, row.films) for row in rows][:2] == [
        ("constant", "all alike", 4),
        ("noise", "1%", 4),
    ]
    assert (rows[0].found, rows[0].alarms, rows[0].precision, rows[0].others) == (1, 0, 1, 0)
    assert [row.found for row in rows[2:]] == [1, 1, 1]


@pytest.mark.slow
def test_the_whole_run(examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data"
    shutil.copytree(examples / "archive", data / "chest_xray")
    table = data / "chest_xray" / "cases.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines[1:] if line.split(",")[0].endswith(".jpg")][:8]
    splits = ["query" if place < 3 else "archive" for place in range(len(kept))]
    assert lines[0].endswith(",split,site")
    starts = [line.rsplit(",", 2)[0] for line in kept]
    rows = [f"{start},{split}," for start, split in zip(starts, splits, strict=True)]
    table.write_text("\n".join([lines[0], *rows]) + "\n", encoding="utf-8")
    main(["--data", str(data), "--json", str(tmp_path / "figures.json")])
    out = capsys.readouterr().out
    assert "| **chest_xray, query** (3 films)" in out
    assert "mAP, mended: " in out
    report = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert len(report["recall"]) == 50
    inverted = next(row for row in report["mends"] if row["fault"] == "inverted")
    assert inverted["films"] == 3
    assert inverted["difference"][0] > 0.2
