"""The descriptor benchmark runs on the example films; its measures have the values they should."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.descriptors import main
from benchmarks.edge_mpeg7 import EdgeHistogramMpeg7
from benchmarks.labelled import LabelledSet, precision


@pytest.mark.slow
def test_quick_run(tmp_path: Path) -> None:
    shown: list[str] = []
    main(["--quick", "--json", str(tmp_path / "rows.json")], shown.append)
    rows = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))["rows"]
    whole = [row for row in rows if row["part"] in ("examples", "examples, with findings")]
    assert [row["descriptor"] for row in whole] == [
        "random",
        "raw 32 x 32 pixels",
        "colour",
        "edge",
        "edge, MPEG-7",
        "embedding, efficientnet-lite0",
        "text",
    ]
    assert {"examples, NIH", "examples, NLM"} <= {row["part"] for row in rows}
    assert [row["dim"] for row in whole] == [64, 1024, 192, 192, 150, 1280, 256]
    assert all(0 <= score <= 1 for row in rows for score in row["found"].values())
    assert "| edge, MPEG-7 |" in shown[0]


def chosen(*rows: tuple[str, str, str]) -> LabelledSet:
    names = ("label", "patient_id", "split")
    told = tuple(dict(zip(names, row, strict=True)) for row in rows)
    return LabelledSet("set", Path(), told)


def test_precision_from_archive_to_query() -> None:
    given = chosen(
        ("a", "1", "archive"), ("b", "2", "archive"), ("a", "3", "archive"), ("a", "4", "query")
    )
    vectors = np.array([[0.9], [0.5], [0.1], [1.0]], np.float32)
    found = precision(vectors, given, np.ones(4, bool))
    # The query meets a, b, a: average precision (1 + 2 / 3) / 2.
    assert found.p1 == 1.0
    assert found.p5 == pytest.approx(2 / 3)
    assert found.map == pytest.approx(5 / 6)


def test_precision_without_the_same_patient() -> None:
    given = chosen(("a", "1", ""), ("a", "1", ""), ("b", "2", ""), ("a", "3", ""))
    vectors = np.eye(4, dtype=np.float32)
    vectors[:, 0] = (1.0, 0.9, 0.8, 0.1)
    found = precision(vectors, given, np.array([True, True, True, True]))
    # Patient 1 meets b, then a; patient 3 meets his own kind twice; b has none of its kind.
    assert found.p1 == pytest.approx(1 / 3)


def test_mpeg7_tells_the_kinds_apart() -> None:
    stripes = np.zeros((64, 64), np.float32)
    stripes[:, ::2] = 1.0
    describe = EdgeHistogramMpeg7().describe
    kinds = describe(stripes)[:80].reshape(16, 5)
    assert (kinds.argmax(axis=1) == 0).all()
    assert (describe(stripes.T.copy())[:80].reshape(16, 5).argmax(axis=1) == 1).all()
    assert not describe(np.full((64, 64), 0.5, np.float32)).any()
    assert np.linalg.norm(describe(stripes, np.eye(64) < 2)) == pytest.approx(1.0)
