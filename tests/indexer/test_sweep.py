"""Old generations: which go, which stay, and for how long."""

import os
import time
from pathlib import Path

from indexer import commit, readers
from indexer.sweep import KEEP_S, collect, sweep
from tests.indexer.test_commit import published


def names(index: Path) -> list[str]:
    return sorted(path.name for path in index.iterdir() if path.is_dir())


def gen(*numbers: int) -> list[str]:
    return [f"gen-{number:020d}" for number in numbers]


def of_age(generation: commit.Generation, age_s: float) -> None:
    """As if it had been written so long ago."""
    then = time.time() - age_s
    os.utime(generation.path / "manifest.json", (then, then))


def test_after_a_commit_the_one_before_stays_and_no_other(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        last = published(tmp_path, number)
    commit.begin(tmp_path, 9)
    for name in ("study-1", "0002", "gen-1"):  # not ours
        (tmp_path / name).mkdir()
    told = sweep(tmp_path, last, only_before=True)
    assert (told.removed, told.kept, told.held, told.erasing) == ((1,), (2,), (), ())
    assert names(tmp_path) == ["0002", *gen(2, 3), "gen-1", "study-1"]
    assert commit.highest(tmp_path) == 3


def test_the_one_before_goes_an_hour_after_it_was_replaced(tmp_path: Path) -> None:
    published(tmp_path, 1)
    last = published(tmp_path, 2)
    of_age(last, KEEP_S - 60)
    assert sweep(tmp_path, last, only_before=True).kept == (1,)
    of_age(last, KEEP_S + 60)
    assert sweep(tmp_path, last, only_before=True).removed == (1,)


def test_collecting_keeps_what_was_replaced_a_short_while_ago(tmp_path: Path) -> None:
    generations = [published(tmp_path, number) for number in (1, 2, 3, 4)]
    for generation, age_s in zip(generations, (9000, 8000, 5000, 100), strict=True):
        of_age(generation, age_s)
    assert collect(tmp_path, keep_for_s=6000).removed == (1,)
    assert names(tmp_path) == gen(2, 3, 4)
    assert collect(tmp_path).removed == (2,)
    assert collect(tmp_path, keep_for_s=0).removed == (3,)
    assert collect(tmp_path, keep_for_s=0).to_json() == {
        "removed": (),
        "held": (),
        "kept": (),
        "erasing": (),
    }
    assert names(tmp_path) == gen(4)


def test_what_a_reader_holds_stays_until_he_lets_go(tmp_path: Path) -> None:
    held = readers.hold(published(tmp_path, 1))
    for number in (2, 3, 4):
        last = published(tmp_path, number)
    assert sweep(tmp_path, last, only_before=True).held == (1,)
    assert [commit.sha256_of(tmp_path / f"gen-{1:020d}" / "a.txt")]
    assert names(tmp_path) == gen(1, 3, 4)
    readers.let_go(held)
    assert sweep(tmp_path, last, only_before=True).removed == (1,)


def test_what_a_commit_that_stopped_half_way_has_left_goes(tmp_path: Path) -> None:
    last = published(tmp_path, 1)
    (tmp_path / gen(2)[0]).mkdir()  # renamed, and never named by CURRENT
    commit.write_file(tmp_path / gen(2)[0] / "manifest.json", b"{}")
    (tmp_path / gen(3)[0]).mkdir()  # half removed
    commit.write_file(tmp_path / "CURRENT.new", b"")
    assert sweep(tmp_path, last, only_before=True).removed == (2, 3)
    assert names(tmp_path) == gen(1)


def test_what_holds_something_erased_goes_at_once(tmp_path: Path) -> None:
    published(tmp_path, 1)
    folder = commit.begin(tmp_path, 2)
    last = commit.publish(tmp_path, folder, 2, {"erased_below": 2})
    held = readers.hold(commit.Generation(tmp_path / gen(1)[0], 1, {}))
    told = sweep(tmp_path, last, only_before=True)
    assert (told.held, told.erasing) == ((1,), (1,))
    readers.let_go(held)
    assert sweep(tmp_path, last, only_before=True).removed == (1,)
