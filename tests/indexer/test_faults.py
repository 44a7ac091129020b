"""The Nth write, sync or rename fails, for every N: the index is the old one or the new one."""

import errno
import shutil
from pathlib import Path

import pytest

from benchmarks.crash_describer import Numbers
from indexer import commit
from indexer.archive import walk
from indexer.machine_made import MachineMade
from indexer.pipeline import Options, update
from models.errors import CannotWrite
from retrieval.inspect import verified
from tests.indexer.faults import Faults


def change(archive: Path, index: Path) -> None:
    describer = Numbers(archive.parent / "described")
    with commit.locked(index):
        listing, options = walk(archive), Options(prune=True)
        update(listing, index, options, describer, lambda *_: None, MachineMade())


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive, `old`: its index before the last change, and `new`: after it."""
    place = tmp_path_factory.mktemp("faults")
    archive = place / "archive" / "images"
    archive.mkdir(parents=True)
    for number in range(6):
        (archive / f"{number}.film").write_bytes(b"film %d" % number)
    change(archive.parent, place / "old")
    (archive / "0.film").write_bytes(b"film 0, changed")
    (archive / "1.film").unlink()
    (archive / "6.film").write_bytes(b"film 6")
    shutil.copytree(place / "old", place / "new")
    change(archive.parent, place / "new")
    return place


def tried(films: Path, index: Path, faults: Faults) -> bool:
    """Whether a change ends well; if not, with a sentence that names a file of the index."""
    with pytest.MonkeyPatch.context() as patch:
        faults.into(patch)
        try:
            change(films / "archive", index)
        except CannotWrite as error:
            assert str(index) in str(error)
            return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("first", [False, True], ids=["change", "first build"])
def test_whatever_fails_once_the_index_is_whole_and_the_next_run_finishes(
    films: Path, tmp_path: Path, first: bool
) -> None:
    old = "" if first else verified(films / "old").content
    change(films / "archive", tmp_path / "anew")
    new = verified(tmp_path / "anew" if first else films / "new").content
    seen: list[str] = []
    for number in range(1, 1000):
        index = tmp_path / f"ix-{number}"
        if not first:
            shutil.copytree(films / "old", index)
        faults = Faults(index, number)
        done = tried(films, index, faults)
        seen = faults.names
        if not faults.fired:
            break
        state = verified(index).content if (index / "CURRENT").exists() else ""
        assert state in ((new,) if done else (old, new)), faults.names[-1]
        change(films / "archive", index)
        assert verified(index).content == new
        shutil.rmtree(index)
    assert number > 60
    assert {"open", "write", "fsync", "replace", "rename", "mkdir"} <= set(seen)


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS], ids=["full", "read-only"])
def test_a_disk_that_fails_from_some_moment_on_leaves_the_old_index(
    films: Path, tmp_path: Path, code: int
) -> None:
    old, new = verified(films / "old").content, verified(films / "new").content
    for number in range(1, 1000, 3):
        index = tmp_path / f"ix-{number}"
        shutil.copytree(films / "old", index)
        faults = Faults(index, number, code, lasting=True)
        done = tried(films, index, faults)
        if not faults.fired:
            break
        assert verified(index).content in ((new,) if done else (old, new))
        shutil.rmtree(index)
    assert number > 60
