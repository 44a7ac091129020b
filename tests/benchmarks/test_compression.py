"""The compression benchmark runs on the example films."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.train,
    pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_quick_run(tmp_path: Path) -> None:
    from benchmarks.compression import main

    shown: list[str] = []
    main(["--quick", "--json", str(tmp_path / "rows.json")], shown.append)
    told = json.loads((tmp_path / "rows.json").read_text(encoding="utf-8"))
    assert list(told["rows"]) == [
        "as it is",
        "int8",
        "fp16",
        "prune 0.5",
        "prune 0.5, int8",
        "distil small",
        "distil small, int8",
        "small, untaught",
    ]
    assert told["films"] == {"train": 62, "validation": 10, "measured": 18, "searched": 72}
    assert all(0 <= value <= 1 for row in told["rows"].values() for value in row["right"].values())
    sizes = {name: row["mib"] for name, row in told["rows"].items()}
    assert sizes["prune 0.5, int8"] < sizes["int8"] < sizes["fp16"] < sizes["as it is"]
    assert told["rows"]["prune 0.5"]["parameters"] == 49_315
    assert any("| small, untaught " in text for text in shown)


def test_without_a_model_it_says_what_is_missing() -> None:
    from benchmarks.compression import main

    with pytest.raises(SystemExit, match="--data FOLDER and --model SPEC are needed, or --quick"):
        main([])
