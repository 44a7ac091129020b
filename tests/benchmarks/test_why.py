"""Area ratios come out, and the programme runs on example films."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.why import ANY, Curves, Measured, as_table, drawn, main
from benchmarks.why_forms import FORMS, SHOWN
from tests.manifests import manifest_of

FLAT = np.array([[1.0, 0.5, 0.0], [1.0, 0.5, 0.0]])
FAST = np.array([[1.0, 0.25, 0.0], [1.0, 0.75, 0.0]])


def test_ratios_of_areas_written_out() -> None:
    found = Measured("query", (Curves(SHOWN, FAST, FLAT), Curves(ANY, FLAT, FLAT)), ("a", "b"))
    assert found.ratio(SHOWN, inserted=False).value == 1.0  # .375 and .625 beside .5
    assert found.ratio(SHOWN, inserted=False).low == 0.75
    assert found.ratio(SHOWN, inserted=False).high == 1.25
    assert found.better(SHOWN) == 0.5
    lines = as_table([found]).splitlines()
    assert len(lines) == 3
    row = "| query | split | 1.000 (0.750 to 1.250) | 50 % | 1.000 (1.000 to 1.000) |"
    assert lines[2] == row


@pytest.mark.slow
@pytest.mark.parametrize("choose", [True, False])
def test_it_runs_from_end_to_end(examples: Path, tmp_path: Path, choose: bool) -> None:
    """Two films ask an archive of twelve."""
    data = tmp_path / "chest_xray"
    data.mkdir()
    rows = manifest_of(examples / "archive")[::8]
    for row in rows:
        row |= {"path": str(examples / "archive" / row["path"]), "split": "archive", "site": "NIH"}
    asking = manifest_of(examples / "queries")[1:3]
    for row in asking:
        row |= {"path": str(examples / "queries" / row["path"]), "split": "query", "site": "NIH"}
    with (data / "cases.csv").open("w", encoding="utf-8", newline="") as handle:
        table = csv.DictWriter(handle, [*asking[0]], extrasaction="ignore", restval="")
        table.writeheader()
        table.writerows([*rows, *asking])
    told: list[str] = []
    out = tmp_path / "figures.json"
    arguments = ["--data", str(data), "--pairs", "2", "--json", str(out)]
    main([*arguments, "--choose"] if choose else arguments, told.append)
    report = json.loads(out.read_text())["measured"]
    assert [one["side"] for one in report] == (["query"] if choose else ["query", "hit"])
    assert all(one["pairs"] == 2 for one in report)
    shown = report[0]["orders"][SHOWN]
    assert len(shown["deletion"]) == len(shown["insertion"]) == 13
    assert shown["deletion"][0] == pytest.approx(shown["insertion"][-1], abs=1e-5)
    assert set(report[0]["orders"]) >= (set(FORMS) if choose else {SHOWN, ANY})
    assert told[0].startswith("| places of | order |")


def test_one_film_of_a_patient_is_drawn(examples: Path) -> None:
    from benchmarks.films import films_of

    films = films_of(examples / "archive")
    chosen = drawn(films, 10)
    assert len({film.row["patient_id"] for film in chosen}) == 10
    assert drawn(films, 10) == chosen
