"""The workbench: what was described survives an interruption, and nothing of others' is touched."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.describe import Described
from indexer.scan import Header
from indexer.store import PREVIEW, block_of
from indexer.work import ROWS, FileRecord, Workbench, rows_of
from models.errors import CannotWrite


def described(number: float, slices: tuple[int, ...] = (-1,)) -> Described:
    count = len(slices)
    return Described(
        header=Header(),
        blocks={"edge": np.full((count, 3), number, np.float32)},
        previews=tuple(f"jpeg {number} {place}".encode() for place in slices),
        slices=slices,
        shape=(20, 30),
        quality=("very_small: 30 x 20 pixels", "blank: every pixel is alike"),
        segmentation="none",
        sha256=("00",),
        files=(0,) * count,
    )


def record(source: str, path: str = "") -> FileRecord:
    return FileRecord(path or source, source, 5, 7, "00", '{"modality": "CR"}')


def test_a_picture_is_a_row_and_a_volume_one_a_slice() -> None:
    row = rows_of([("a.png", described(1), ["a.png"])]).to_pylist()[0]
    assert row == {
        "instance_id": "a.png",
        "source": "a.png",
        "path": "a.png",
        "slice_index": -1,
        "rows": 20,
        "columns": 30,
        "quality": "very_small: 30 x 20 pixels; blank: every pixel is alike",
        "segmentation": "none",
        "edge": [1.0, 1.0, 1.0],
        PREVIEW: b"jpeg 1 -1",
    }
    paths = [f"s/{n}.dcm" for n in range(6)]
    series = rows_of([("s/0.dcm", replace(described(2, (1, 4)), files=(5, 2)), paths)])
    assert series.column("instance_id").to_pylist() == ["s/0.dcm#1", "s/0.dcm#4"]
    assert series.column("path").to_pylist() == ["s/5.dcm", "s/2.dcm"]
    frames = rows_of([("f.dcm", described(2, (1, 4)), ["f.dcm"])])
    assert frames.column("path").to_pylist() == ["f.dcm", "f.dcm"]


def test_what_was_flushed_is_there_for_the_next_run(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, "a" * 64)
    for number, source in enumerate(("x", "y")):
        bench.add(source, described(number), [record(source)])
    assert Workbench(tmp_path, "a" * 64).files() == []
    bench.flush()
    bench.flush()
    other = Workbench(tmp_path, "a" * 64)
    assert other.files() == [record("x"), record("y")]
    assert [len(table) for table in other.tables({"x", "y"})] == [2]
    assert [table.column("source").to_pylist() for table in other.tables({"y"})] == [["y"]]
    assert list(other.tables({"z"})) == []
    assert Workbench(tmp_path, "b" * 64).files() == []


def test_a_part_is_written_when_there_are_enough(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, "a" * 64)
    whole = described(1, tuple(range(ROWS // 2)))
    bench.add("x", whole, [record("x")])
    assert bench.files() == []
    bench.add("y", whole, [record("y")])
    assert [each.source for each in bench.files()] == ["x", "y"]


def test_of_a_source_that_was_taken_twice_the_last_counts(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, "a" * 64)
    for number in (1, 2):
        bench.add("x", described(number), [record("x")])
        bench.add(f"only {number}", described(number), [record(f"only {number}")])
        bench.flush()
    tables = list(bench.tables({"x", "only 1", "only 2"}))
    assert [table.column("source").to_pylist() for table in tables] == [["only 1"], ["x", "only 2"]]
    assert block_of(tables[1], "edge")[0].tolist() == [2, 2, 2]


def test_clearing_takes_all_that_is_its_own(tmp_path: Path) -> None:
    for identity in ("a" * 64, "b" * 64):
        bench = Workbench(tmp_path, identity)
        bench.add("x", described(1), [record("x")])
        bench.flush()
    (tmp_path / "work" / "mine").mkdir()
    Workbench(tmp_path, "a" * 64).clear()
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["mine"]
    (tmp_path / "work" / "mine").rmdir()
    Workbench(tmp_path, "a" * 64).clear()
    assert list(tmp_path.iterdir()) == []
    Workbench(tmp_path, "a" * 64).clear()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("in the way")
    bench = Workbench(tmp_path, "a" * 64)
    bench.add("x", replace(described(1), quality=()), [record("x")])
    with pytest.raises(CannotWrite, match=r"00000000\.parquet cannot be written: Not a directory"):
        bench.flush()


def test_a_part_that_was_lost_is_forgotten_and_no_other_is_written_over(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, "a" * 64)
    for source in ("x", "y", "z"):
        bench.add(source, described(1), [record(source)])
        bench.flush()
    middle = sorted(tmp_path.rglob("*.parquet"))[1]
    middle.write_bytes(b"")
    bench = Workbench(tmp_path, "a" * 64)
    assert [file.source for file in bench.files()] == ["x", "z"]
    bench.add("new", described(1), [record("new")])
    bench.flush()
    assert [file.source for file in bench.files()] == ["x", "z", "new"]
