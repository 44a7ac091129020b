"""The parquet files: what is put in comes out, in order, and damage is named."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from indexer import store
from indexer.store import FACTS, IDENTITY, PREVIEW, PartWriter, Store, block_column, block_of
from models.errors import CannotWrite, IndexDamaged

DIMS = {"colour": 2, "edge": 3, "embedding": 4, "text": 1}


def rows(start: int, count: int) -> pa.Table:
    """Rows whose numbers say which they are."""
    table = pa.table(
        {
            "instance_id": [f"i{n}" for n in range(start, start + count)],
            "source": [f"s{n}" for n in range(start, start + count)],
            "path": [f"p{n}" for n in range(start, start + count)],
            "slice_index": pa.array([-1] * count, pa.int32()),
            "rows": pa.array([10] * count, pa.int32()),
            "columns": pa.array([10] * count, pa.int32()),
            "quality": [""] * count,
            "segmentation": ["none"] * count,
        },
        IDENTITY,
    )
    for name, dim in DIMS.items():
        numbers = np.arange(start, start + count, dtype=np.float32)[:, None] + np.zeros(dim)
        table = table.append_column(name, block_column(numbers.astype(np.float32)))
    jpegs = pa.array([f"jpeg {n}".encode() for n in range(start, start + count)], pa.binary())
    return table.append_column(PREVIEW, jpegs)


@pytest.fixture
def two_parts(tmp_path: Path) -> Store:
    """Five rows in two parts."""
    writer = PartWriter(tmp_path, first=3)
    facts = {f"s{n}": {"case_id": f"c{n}", "age": n} for n in range(5)}
    for start, count in ((0, 2), (2, 3)):
        writer.add(store.facts_columns(rows(start, count), facts))
        writer.flush()
    return Store(tmp_path)


def test_blocks_keep_their_numbers() -> None:
    vectors = np.random.default_rng(0).random((5, 7), np.float32)
    table = pa.table({"edge": block_column(vectors)})
    assert table.schema.field("edge").type == pa.list_(pa.float32(), 7)
    np.testing.assert_array_equal(block_of(table, "edge"), vectors)
    np.testing.assert_array_equal(block_of(table.slice(2, 2), "edge"), vectors[2:4])
    chosen = pa.array([False, True, False, True, True])
    np.testing.assert_array_equal(block_of(table.filter(chosen), "edge"), vectors[[1, 3, 4]])
    np.testing.assert_array_equal(block_of(pa.concat_tables([table, table]), "edge")[5:], vectors)


def test_parts_are_read_in_order(two_parts: Store) -> None:
    assert two_parts.parts() == ["00000003", "00000004"]
    assert two_parts.facts().column("case_id").to_pylist() == ["c0", "c1", "c2", "c3", "c4"]
    batches = list(two_parts.vectors(DIMS))
    assert [batch.shape for batch in batches] == [(2, 10), (3, 10)]
    assert np.vstack(batches)[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert set(two_parts.columns("00000003")) == {*IDENTITY.names, *FACTS.names}


def test_previews_are_found_by_row(two_parts: Store) -> None:
    assert two_parts.preview([4, 0, 2]) == {0: b"jpeg 0", 2: b"jpeg 2", 4: b"jpeg 4"}
    assert two_parts.preview([]) == {}


def test_facts_take_the_place_of_what_was_known() -> None:
    table = store.facts_columns(rows(0, 2), {"s0": {"label": "old", "ward": "east"}, "s1": {}})
    assert table.column("ward").to_pylist() == ["east", None]
    again = store.facts_columns(table, {"s0": {"label": "new"}, "s1": {"age": 40}})
    assert again.column("label").to_pylist() == ["new", None]
    assert again.column("age").to_pylist() == [None, 40.0]
    assert "ward" not in again.column_names
    np.testing.assert_array_equal(block_of(again, "edge"), block_of(table, "edge"))


def test_a_case_is_one_row_in_the_order_of_its_first_instance() -> None:
    cases_of_sources = ["b", "a", "b", "c", "b", "a"]
    facts = {
        f"s{n}": {"case_id": case, "label": f"label {n}", "age": 10 * n}
        for n, case in enumerate(cases_of_sources)
    }
    table = store.facts_columns(rows(0, 6), facts).drop_columns([*DIMS, PREVIEW])
    cases = store.cases_of(table, {"a": "settled", "b": None, "c": "other"}).to_pylist()
    assert [case["case_id"] for case in cases] == ["b", "a", "c"]
    assert [case["label"] for case in cases] == [None, "settled", "other"]
    assert [case["instances"] for case in cases] == [3, 2, 1]
    assert [case["middle_row"] for case in cases] == [2, 5, 3]
    assert [case["age"] for case in cases] == [0, 10, 30]
    assert "slice_index" not in cases[0]


def test_a_file_that_cannot_be_read_is_named(two_parts: Store) -> None:
    part = two_parts.folder / "instances-00000004.parquet"
    part.write_bytes(part.read_bytes()[:100])
    for ask in (two_parts.facts, lambda: list(two_parts.vectors(DIMS))):
        with pytest.raises(IndexDamaged, match=r"instances-00000004\.parquet cannot be read"):
            ask()
    (two_parts.folder / "previews" / "00000003.parquet").unlink()
    with pytest.raises(IndexDamaged, match=r"00000003\.parquet cannot be read"):
        two_parts.preview([0])
    with pytest.raises(IndexDamaged, match=r"cases\.parquet cannot be read"):
        two_parts.table("cases")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match=r"a\.parquet cannot be written"):
        store.write(pa.table({"a": [1]}), tmp_path / "file" / "a.parquet")


def test_an_empty_store_has_the_columns(tmp_path: Path) -> None:
    assert Store(tmp_path).facts().schema.names == [*IDENTITY.names, *FACTS.names]
    assert list(Store(tmp_path).vectors(DIMS)) == []
