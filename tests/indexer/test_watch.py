"""An index that follows its folder."""

import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from indexer import commit
from indexer.pipeline import Options
from indexer.summary import Summary
from indexer.watch import Rhythm, state_of, watch
from models.errors import CbirError, IndexDamaged, UsageError

FAST = Rhythm(every_s=0.05, settle_s=0.05)
News = Summary | CbirError


def following(archive: Path, out: Path, then: Sequence[Callable[[News], object]]) -> list[News]:
    """What `watch` told, while each piece of news has the next thing done; the last stops it."""
    stop = threading.Event()
    heard: list[News] = []
    steps = iter(then)

    def told(news: News) -> None:
        heard.append(news)
        step = next(steps, None)
        if step is None:
            stop.set()
        else:
            step(news)

    watch(archive, out, Options(workers=1), FAST, stop, told)
    return heard


def film(archive: Path) -> Path:
    return sorted(archive.rglob("*.jpg"))[0]


def test_what_is_added_is_taken_once_it_is_at_rest(small: Path, tmp_path: Path) -> None:
    archive = tmp_path / "films" / "normal"
    archive.mkdir(parents=True)
    first, second = sorted(small.rglob("*.jpg"))[:2]
    shutil.copy(first, archive / "a.jpg")
    add = [lambda news: shutil.copy(second, archive / "b.jpg")]
    heard = following(archive.parent, tmp_path / "ix", add)
    assert [(one.described, one.cases) for one in heard if isinstance(one, Summary)] == [
        (1, 1),
        (1, 2),
    ]
    assert commit.opened(tmp_path / "ix").number == 2


def test_what_passes_is_waited_for(small: Path, tmp_path: Path) -> None:
    archive = tmp_path / "films"
    (archive / "normal").mkdir(parents=True)
    shutil.copy(film(small), archive / "normal" / "a.jpg")

    def take_away(news: News) -> None:
        archive.rename(tmp_path / "away")

    def bring_back(news: News) -> None:
        (tmp_path / "away").rename(archive)

    heard = following(archive, tmp_path / "ix", [take_away, bring_back])
    assert [type(one).__name__ for one in heard] == ["Summary", "UsageError", "Summary"]
    with commit.locked(tmp_path / "ix"):
        locked = following(archive, tmp_path / "ix", [])
    assert [type(one).__name__ for one in locked] == ["IndexLocked"]


def test_what_does_not_pass_ends_it(small: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened"):
        following(tmp_path / "nowhere", tmp_path / "ix", [])
    (tmp_path / "ix").mkdir()
    (tmp_path / "ix" / "CURRENT").write_text("nonsense")
    with pytest.raises(IndexDamaged):
        following(small, tmp_path / "ix", [])


def test_the_state_is_that_of_the_files(archive: Path) -> None:
    before = state_of(archive, "auto")
    assert state_of(archive, "auto") == before
    with film(archive).open("ab") as handle:
        handle.write(b"\0")
    grown = state_of(archive, "auto")
    assert grown != before
    (archive / "cases.csv").write_text("path,label\n")
    assert state_of(archive, "auto") not in (before, grown)
