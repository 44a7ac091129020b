"""What the table of an enlarged archive says of made films."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from indexer.archive import walk
from indexer.made import is_made, joined, separated, without_made
from tests.indexer.augment.archives import smooth, write


@given(st.lists(st.text(min_size=1), max_size=3))
def test_names_come_back_whatever_is_in_them(names: list[str]) -> None:
    assert separated(joined(names)) == names


def test_names_by_hand() -> None:
    assert joined(["a;b", "50%"]) == "a%3Bb;50%25"
    assert separated("") == []


def test_both_columns_make_a_made_film() -> None:
    assert is_made({"made_by": "grey", "origin": "a.png"})
    assert not is_made({"made_by": "Siemens"})  # some archive's column of its own
    assert not is_made({"made_by": "", "origin": ""})


def test_made_films_are_taken_out_of_a_listing(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        smooth(tmp_path / name, 0)
    archive = write(
        tmp_path,
        [{"path": "a.png"}, {"path": "b.png", "origin": "a.png", "made_by": "grey gamma=1.1"}],
    )
    whole = walk(archive)
    kept = without_made(whole)
    assert [entry.path for entry in kept.entries] == ["a.png"]
    assert kept.remarks == (
        "films that were made (`cbir augment`), left out: 1; an enlarged archive is for training, "
        "index the one that it was made from",
    )
    assert without_made(kept) is kept
