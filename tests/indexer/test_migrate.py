"""An index of every schema that was ever written opens, or becomes one of today's."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer import commit, migrate
from indexer.migrate import STEPS
from indexer.pipeline import build
from indexer.store import Store, block_of
from models.errors import IndexDamaged, IndexUnusable
from retrieval.index import OpenIndex
from retrieval.inspect import verified
from tests.conftest import ROOT

INDEXES = ROOT / "tests" / "data" / "indexes"
BEFORE = list(range(1, commit.SCHEMA))


def kept(schema: int, to: Path) -> Path:
    return Path(shutil.copytree(INDEXES / f"schema-{schema}", to / "ix"))


def blocks_of(folder: Path) -> dict[str, list[list[float]]]:
    store = Store(folder)
    table = pa.concat_tables(store.instances(name) for name in store.parts())
    return {name: block_of(table, name).tolist() for name in ("colour", "edge", "embedding")}


def as_schema(index: Path, schema: object, **changes: object) -> None:
    """Writes the manifest as one of another schema."""
    found = commit.of_any_schema(index)
    assert found is not None
    data = json.dumps({**found.manifest, "schema": schema, **changes}).encode()
    (found.path / "manifest.json").write_bytes(data)
    digest = commit.sha256_of(found.path / "manifest.json")
    (index / "CURRENT").write_text(f"{found.path.name} {digest}\n")


def test_every_schema_has_its_index_and_every_earlier_one_its_step() -> None:
    there = sorted(path.name for path in INDEXES.glob("schema-*"))
    assert there == [f"schema-{schema}" for schema in [*BEFORE, commit.SCHEMA]]
    assert sorted(STEPS) == BEFORE


def test_an_index_of_this_schema_opens(tmp_path: Path) -> None:
    index = kept(commit.SCHEMA, tmp_path)
    assert verified(index).files == 15
    assert sorted(OpenIndex(index).labels) == ["bright", "bright", "dark", "dark"]
    told = migrate.migrate(index)
    assert (told.before, told.after, told.generation) == (commit.SCHEMA, commit.SCHEMA, 1)


@pytest.mark.parametrize("schema", BEFORE)
def test_an_earlier_one_is_brought_up_to_date(schema: int, tmp_path: Path) -> None:
    index = kept(schema, tmp_path)
    with pytest.raises(IndexUnusable, match=f"is of schema {schema}, .* `cbir migrate --index"):
        OpenIndex(index)
    before = blocks_of(index / f"gen-{1:020d}")
    told = migrate.migrate(index)
    assert (told.before, told.after, told.generation) == (schema, commit.SCHEMA, 2)
    assert told.remarks == ()
    assert verified(index).generation == 2
    opened = OpenIndex(index)
    assert sorted(opened.labels) == ["bright", "bright", "dark", "dark"]
    assert blocks_of(opened.generation.path) == before
    vector = np.ones((1, sum(opened.searched.values())), np.float32)
    assert len(opened.ranker.nearest(vector, 4, np.ones(4, bool))) == 4


def test_a_migrated_index_goes_on_as_if_it_had_always_been_one(tmp_path: Path) -> None:
    index = kept(1, tmp_path)
    migrate.migrate(index)
    summary = build(INDEXES / "tiny", index)
    assert summary.cases == 4
    assert summary.described in (0, 4)  # by size and time: a checkout sets the time anew
    assert verified(index).files > 8


def test_what_the_tables_do_not_tell_has_to_be_built_again(tmp_path: Path) -> None:
    index = kept(1, tmp_path)
    table = index / f"gen-{1:020d}" / "files.parquet"
    pq.write_table(pq.read_table(table).drop_columns(["header"]), table)
    found = commit.of_any_schema(index)
    assert found is not None
    told = {"bytes": table.stat().st_size, "sha256": commit.sha256_of(table)}
    as_schema(index, 1, files={**found.manifest["files"], "files.parquet": told})
    with pytest.raises(IndexUnusable, match=r"lack header, .* --no-resume"):
        migrate.migrate(index)
    assert sorted(path.name for path in index.iterdir()) == ["CURRENT", "LOCK", f"gen-{1:020d}"]


@pytest.mark.parametrize("schema", [0, 99, "2", None])
def test_a_schema_that_nobody_knows_is_refused(schema: object, tmp_path: Path) -> None:
    index = kept(commit.SCHEMA, tmp_path)
    as_schema(index, schema)
    with pytest.raises(IndexUnusable, match="does not know"):
        migrate.migrate(index)
    with pytest.raises(IndexUnusable, match=f"is of schema {schema}"):
        OpenIndex(index)


def test_a_damaged_index_is_not_migrated(tmp_path: Path) -> None:
    index = kept(1, tmp_path)
    (index / f"gen-{1:020d}" / "vectors.faiss").write_bytes(b"")
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss"):
        migrate.migrate(index)
