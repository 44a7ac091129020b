"""Erasure: what was removed is nowhere in the index, and does not come back by itself."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from indexer import commit, readers
from indexer.pipeline import Options, build
from indexer.remove import Chosen, remove
from indexer.store import Store, block_of
from indexer.sweep import collect
from models.errors import UsageError
from retrieval.inspect import verified
from tests.manifests import manifest_of, write_manifest

WHO, WORD = "Quuxley^Ada-77", "quuxosis"


@pytest.fixture
def of_quuxley(archive: Path) -> Path:
    """Twelve films; the first two are of one patient, and tell of what nobody else has."""
    rows = manifest_of(archive)
    for row in rows[:2]:
        row |= {"patient_id": WHO, "findings": f"{WORD} of the left lung", "study_id": ""}
    write_manifest(archive, rows)
    return archive


def his(index: Path) -> list[bytes]:
    """Everything that an index holds of him, as bytes to be looked for."""
    store = Store(commit.opened(index).path)
    mine = [
        row for row, who in enumerate(store.facts().column("patient_id").to_pylist()) if who == WHO
    ]
    table = pa.concat_tables(store.instances(name) for name in store.parts())
    found = list(store.preview(mine).values())
    for block in ("colour", "edge", "embedding"):
        found += [block_of(table, block)[row].tobytes() for row in mine]
    for name in store.parts():
        regions = store.regions(name, ["region_cells"])
        assert regions is not None
        kept = regions.column("region_cells").to_pylist()
        who = store.instances(name, ["patient_id"]).column("patient_id").to_pylist()
        found += [cells for cells, one in zip(kept, who, strict=True) if one == WHO]
    files = [row for row in store.table("files").to_pylist() if row["source"] in _sources(store)]
    told = [text for file in files for text in (file["sha256"], file["path"])]
    return [*found, *(text.encode() for text in (*told, WHO, "Quuxley", WORD))]


def _sources(store: Store) -> set[str]:
    rows = store.facts().select(["source", "patient_id"]).to_pylist()
    return {row["source"] for row in rows if row["patient_id"] == WHO}


def everything(index: Path) -> Iterator[tuple[str, bytes]]:
    """The bytes of every file and of every column of every table below a folder, with its name."""
    for path in index.rglob("*"):
        if not path.is_file():
            continue
        yield path.name, path.name.encode() + b"\0" + path.read_bytes()
        if path.suffix == ".parquet":
            for column in pq.read_table(path).columns:
                for buffer in (b for chunk in column.chunks for b in chunk.buffers() if b):
                    yield path.name, buffer.to_pybytes()


def places(index: Path, sought: list[bytes]) -> set[str]:
    return {name for name, data in everything(index) if any(one in data for one in sought)}


def test_of_an_erased_patient_no_byte_is_left(of_quuxley: Path, tmp_path: Path) -> None:
    index = tmp_path / "ix"
    build(of_quuxley, index)
    film = of_quuxley / manifest_of(of_quuxley)[5]["path"]
    film.write_bytes(film.read_bytes() + b"\0")
    build(of_quuxley, index)  # an old generation that holds him, too
    interrupt_describing(of_quuxley, index)  # and a workbench that does
    sought = his(index)
    before = places(index, sought)
    assert {"vectors.faiss", "cases.parquet", "files.parquet", "text.json"} < before
    assert any(path.name == "work" for path in index.iterdir())
    told = remove(index, Chosen(patients=(WHO,)))
    assert (told.scans, told.cases, told.files, told.left, told.pending) == (2, 2, 2, 10, False)
    assert told.remarks == ()
    assert places(index, sought) == set()
    assert sorted(path.name for path in index.iterdir()) == [
        *("CURRENT", "LOCK", "REMOVED", "gen-00000000000000000003"),
    ]
    assert verified(index).files > 8


def interrupt_describing(archive: Path, index: Path) -> None:
    """Leaves his films on the workbench, described anew."""

    def stop(stage: str, done: int, total: int) -> None:
        if done == total > 0:
            raise KeyboardInterrupt

    for row in manifest_of(archive)[:2]:
        film = archive / row["path"]
        data = film.read_bytes()
        film.write_bytes(data + b"\0")
    with pytest.raises(KeyboardInterrupt):
        build(archive, index, progress=stop)


def test_what_was_removed_comes_back_only_when_it_is_taken_back(
    of_quuxley: Path, tmp_path: Path
) -> None:
    index = tmp_path / "ix"
    build(of_quuxley, index)
    rows = manifest_of(of_quuxley)
    first, second = (of_quuxley / row["path"] for row in rows[:2])
    remove(index, Chosen(patients=(WHO,)))
    again = build(of_quuxley, index)
    assert (again.cases, again.described, again.committed) == (10, 0, False)
    assert "files left out, since they were removed: 2" in " ".join(again.remarks)
    second.rename(second.with_name("other-name.jpg"))
    first.write_bytes(first.read_bytes() + b"\0")
    rows[1]["path"] = second.with_name("other-name.jpg").relative_to(of_quuxley).as_posix()
    write_manifest(of_quuxley, rows)
    again = build(of_quuxley, index, Options(resume=False))
    assert (again.cases, again.described, again.rejected) == (10, 10, 0)
    assert places(index, [WHO.encode(), WORD.encode(), b"other-name"]) == set()
    back = build(of_quuxley, index, Options(take_back=True))
    assert (back.cases, back.described, back.committed) == (12, 2, True)
    assert not (index / "REMOVED").exists()


def test_a_generation_that_a_reader_holds_is_erased_when_he_is_done(
    of_quuxley: Path, tmp_path: Path
) -> None:
    index = tmp_path / "ix"
    build(of_quuxley, index)
    held = readers.hold(commit.opened(index))
    told = remove(index, Chosen(patients=(WHO,)))
    assert (told.pending, told.swept.held, told.swept.erasing) == (True, (1,), (1,))
    assert "generation 1 still holds what was removed" in told.remarks[0]
    assert collect(index).erasing == (1,)
    readers.let_go(held)
    assert collect(index).removed == (1,)
    assert places(index, [WHO.encode(), WORD.encode()]) == set()


@pytest.mark.parametrize("way", ["case", "path", "folder", "absolute path"])
def test_cases_and_paths_are_taken_out(archive: Path, tmp_path: Path, way: str) -> None:
    index = tmp_path / "ix"
    build(archive, index)
    facts = Store(commit.opened(index).path).facts().to_pylist()
    one = facts[0]
    chosen, count = {
        "case": (Chosen(cases=(one["case_id"],)), 1),
        "path": (Chosen(paths=(one["path"],)), 1),
        "folder": (Chosen(paths=("normal",)), 4),
        "absolute path": (Chosen(paths=(str(archive / one["path"]),)), 1),
    }[way]
    before = commit.opened(index).path
    would = remove(index, chosen, dry_run=True)
    assert (would.scans, would.dry_run, commit.opened(index).path) == (count, True, before)
    assert not (index / "REMOVED").exists()
    told = remove(index, chosen)
    assert (told.scans, told.left) == (count, 12 - count)
    left = Store(commit.opened(index).path).facts().column("path").to_pylist()
    assert len(left) == 12 - count
    assert one["path"] not in left


def test_what_is_not_there_cannot_be_removed_nor_everything(archive: Path, tmp_path: Path) -> None:
    index = tmp_path / "ix"
    build(archive, index)
    with pytest.raises(UsageError, match="holds nothing of what is to be removed"):
        remove(index, Chosen(patients=("nobody",), cases=("none",), paths=("norm",)))
    with pytest.raises(UsageError, match="would hold nothing any more"):
        remove(index, Chosen(paths=("normal", "pneumonia", "tuberculosis")))
    assert commit.opened(index).number == 1


def test_a_damaged_list_of_what_was_removed_is_named(archive: Path, tmp_path: Path) -> None:
    from models.errors import IndexDamaged

    index = tmp_path / "ix"
    build(archive, index)
    remove(index, Chosen(paths=("normal",)))
    data = (index / "REMOVED").read_bytes()
    for damaged in (b"", data[: len(data) // 2], data + b"x", data.replace(b"key", b"kex"), None):
        if damaged is None:
            (index / "REMOVED").unlink()
        else:
            (index / "REMOVED").write_bytes(damaged)
        for asked in (lambda: verified(index), lambda: build(archive, index)):
            with pytest.raises(IndexDamaged, match="REMOVED is not what was written"):
                asked()
    shutil.rmtree(archive / "pneumonia")
