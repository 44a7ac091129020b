"""How an index is to be searched, on the command line."""

from pathlib import Path

from tests.retrieval.cli.running import Run


def test_the_command_says_what_it_will_cost_first(run: Run, own_index: Path, archive: Path) -> None:
    ran = run("index", archive, "--out", own_index, "--vectors", "approximate", "--memory", "64M")
    assert ran.code == 0
    assert "search: approximate, for 12 vectors of 1920; estimated: " in ran.err
    assert "recall@10" in run("info", "--index", own_index).out
    assert run("index", archive, "--out", own_index, "--memory", "much").code == 2
