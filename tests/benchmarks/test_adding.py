"""What adding costs is measured by adding."""

from pathlib import Path

from benchmarks.adding import measure
from indexer import commit


def test_films_are_added_to_an_index(tmp_path: Path) -> None:
    told = measure(tmp_path, films=40, added=3, labels=2)
    assert (told["films"], told["added"]) == (40, 3)
    assert min(told["build_s"], told["add_s"], told["nothing_s"]) > 0
    live = commit.opened(tmp_path / "index")
    assert (live.number, live.manifest["counts"]["files"]) == (2, 43)
    assert live.manifest["counts"]["labels"] == {"class-0": 22, "class-1": 21}
