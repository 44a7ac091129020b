"""A file of an index is deleted, emptied, halved, appended to, or has a bit flipped."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer import checks, commit
from indexer.pipeline import Options, build
from indexer.searchable import is_search_file
from models.errors import IndexDamaged
from retrieval.index import OpenIndex
from retrieval.inspect import verified
from tests.conftest import ROOT

KEPT = ROOT / "tests" / "data" / "indexes"
FLIPS = 25


@pytest.fixture(scope="module", params=["exact", "approximate"])
def whole(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """The index of four small pictures, by today's program, searched in both ways."""
    out = tmp_path_factory.mktemp("damage") / "ix"
    build(KEPT / "tiny", out, Options(vectors=request.param))
    return out


def names(index: Path) -> list[str]:
    generation = commit.opened(index).path
    files = [path for path in generation.rglob("*") if path.is_file()]
    return ["CURRENT", *sorted(path.relative_to(index).as_posix() for path in files)]


def damages(data: bytes) -> Iterator[tuple[str, bytes | None]]:
    """What becomes of a file, by the kind of damage; None: it is deleted."""
    yield "deleted", None
    yield "appended to", data + b"\n"
    if data:
        yield "emptied", b""
        yield "halved", data[: len(data) // 2]
    drawn = random.Random(len(data))
    for bit in sorted(drawn.sample(range(8 * len(data)), min(FLIPS, 8 * len(data)))):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield f"bit {bit} flipped", bytes(flipped)


def each_damage(index: Path) -> Iterator[tuple[str, str]]:
    """Does each damage to each file in turn, and mends it."""
    for name in names(index):
        path = index / name
        data = path.read_bytes()
        for kind, damaged in damages(data):
            if damaged is None:
                path.unlink()
            else:
                path.write_bytes(damaged)
            yield name, kind
            path.write_bytes(data)


def asked(index: Path) -> None:
    """What a query by a scan and by words reads, and its page with pictures."""
    opened = OpenIndex(index)
    try:
        opened.warm()
        vector = np.ones((1, sum(opened.searched.values())), np.float32)
        opened.ranker.nearest(vector, 3, np.ones(len(opened.facts), bool))
        opened.store.preview([0])
        for name in opened.store.parts():  # what a query by a region reads
            opened.store.regions(name)
        assert opened.basis is not None
    finally:
        opened.close()


def test_verifying_and_asking_name_the_file(whole: Path, tmp_path: Path) -> None:
    index = Path(shutil.copytree(whole, tmp_path / "ix"))
    count = 0
    for name, kind in each_damage(index):
        last = name.rpartition("/")[2]
        for looked in (verified, asked):
            with pytest.raises(IndexDamaged) as error:
                looked(index)
            assert last in str(error.value), (name, kind, str(error.value))
        count += 1
    assert count > 25 * 15
    asked(index)


def cells_of(opened: OpenIndex) -> list[object]:
    return [opened.store.regions(name) for name in opened.store.parts()]


def test_of_a_large_index_nothing_damaged_is_believed(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There not every file is compared whole when it is opened: what is read has to be right."""
    monkeypatch.setattr(checks, "WHOLE_UP_TO_BYTES", 0)
    index = Path(shutil.copytree(whole, tmp_path / "ix"))
    opened = OpenIndex(index)
    truth, pictures = opened.facts, opened.store.preview([0, 1, 2, 3])
    cells = cells_of(opened)
    found = 0
    for name, kind in each_damage(index):
        try:
            asked(index)
        except IndexDamaged:
            found += 1
            continue
        # Only what a query does not read may be damaged: the vectors in the tables, the rejects.
        parts = ("instances-", "files", "previews", "regions/")
        assert any(part in name for part in parts), (name, kind)
        again = OpenIndex(index)
        assert again.facts.equals(truth), (name, kind)
        try:
            assert again.store.preview([0, 1, 2, 3]) == pictures, (name, kind)
            assert cells_of(again) == cells, (name, kind)
        except IndexDamaged:
            found += 1
        with pytest.raises(IndexDamaged, match=name.rpartition("/")[2]):
            verified(index)
    assert found > 25 * 10


@pytest.mark.parametrize("kind", ["deleted", "emptied", "flipped"])
def test_what_is_searched_is_made_anew_from_the_tables(
    whole: Path, tmp_path: Path, kind: str
) -> None:
    names = [path.name for path in commit.opened(whole).path.iterdir()]
    searched = [name for name in names if is_search_file(name)]
    assert len(searched) in (1, 7)
    for name in searched:
        index = Path(shutil.copytree(whole, tmp_path / name))
        path = commit.opened(index).path / name
        data = path.read_bytes()
        if kind == "deleted":
            path.unlink()
        else:
            path.write_bytes(b"" if kind == "emptied" else bytes([data[0] ^ 1]) + data[1:])
        told = build(KEPT / "tiny", index)
        assert (told.described, told.unchanged, told.committed) == (0, 4, True)
        assert (commit.opened(index).path / name).read_bytes() == data
        assert verified(index).content == verified(whole).content
