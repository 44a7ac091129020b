"""The benchmark of metric learning runs on the example films."""

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
    from benchmarks.metric import WAYS, main

    shown: list[str] = []
    main(["--quick", "--json", str(tmp_path / "found.json")], shown.append)
    systems = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))["systems"]
    floors = {"raw pixels", "frozen encoder", "frozen encoder, discriminant"}
    assert set(systems) == {way.name for way in WAYS} | {"classifier's embedding"} | floors
    assert {told["queries"] for told in systems.values()} == {18}  # the same films for all
    assert all(0 < told["mAP"]["micro"]["value"] <= 1 for told in systems.values())
    assert "supcon, half proxy" in shown[0]
