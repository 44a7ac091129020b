"""The throughput benchmark runs, on a few of the example films. Its figures are not judged here."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmarks.films import films_of, make_archive
from benchmarks.indexing_cost import indexing
from benchmarks.programs import Cbir, Peer
from benchmarks.throughput import main

SECTIONS = ["indexing", "memory", "query, cold", "query, running engine"]


def figures_of(examples: Path, out: Path, *more: str) -> dict[str, dict[str, Any]]:
    main(["--data", str(examples / "archive"), "--quick", "--json", str(out), *more])
    report = json.loads(out.read_text(encoding="utf-8"))
    found = {figure["name"]: figure for figure in report["figures"]}
    assert list(dict.fromkeys(figure["section"] for figure in report["figures"])) == SECTIONS
    differences = {"a further film, start-up left out"}  # of two noisy times: of any sign
    assert all(f["value"] > 0 for f in report["figures"] if f["name"] not in differences)
    assert differences < found.keys()
    return found


@pytest.mark.slow
def test_quick_run_without_the_peer(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = figures_of(examples, tmp_path / "figures.json", "--no-peer")
    assert found["peak of all processes, 16 films"]["target"] == "<= 1500"
    assert found["cbir query, a film as dcm"]["target"] == "<= 1.2"
    assert found["cbir / encoder alone, CPU"]["target"] == ">= 0.5"
    assert found["median of 4 films"]["target"] == "<= 40"
    assert not any("peer" in name for name in found)
    assert "| indexing " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.skipif(find_spec("torch") is None, reason="the peer script needs torch")
def test_the_peer_script_indexes_and_answers(examples: Path, tmp_path: Path) -> None:
    films = [film for film in films_of(examples / "archive") if film.path.suffix == ".jpg"][:6]
    archive = make_archive(films, len(films), tmp_path / "archive")
    cbir, peer = Cbir(str(tmp_path / "compiled")), Peer(threads=1)
    figures, rate = indexing(archive, tmp_path, cbir, peer, repeats=1)
    targets = {figure.name: str(figure.limit) for figure in figures if figure.limit}
    assert targets == {
        "cbir / peer script, CPU": ">= 4",
        "cbir / peer script, one thread, CPU": ">= 4",
    }
    assert rate.per_cpu_s > 0
    answer = peer.query(films[2].path, tmp_path / "peer").stdout.splitlines()
    assert len(answer) == 5
    assert answer[0].split() == ["1.000", str(archive / "0" / films[2].row["path"])]
