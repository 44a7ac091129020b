"""The whole way from an archive to an index, on the example films and on what can go wrong."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from indexer import commit, vectors
from indexer.config import Config
from indexer.fit import read_heads
from indexer.pipeline import Options, build
from indexer.searched import searched_dims, searched_vectors
from indexer.store import Store, block_of
from models.errors import CannotWrite, IndexDamaged, IndexLocked, UsageError
from tests.manifests import manifest_of, write_manifest

BLOCKS = ("colour", "edge", "embedding", "text")


def rows_of(index: Path) -> pa.Table:
    """Everything that the store holds of the instances, by instance."""
    store = Store(commit.opened(index).path)
    return pa.concat_tables(store.instances(name) for name in store.parts()).sort_by("instance_id")


def test_the_examples_become_an_index(examples: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    summary = build(examples / "archive", tmp_path / "ix", progress=lambda *told: seen.append(told))
    assert (summary.described, summary.rejected, summary.generation) == (90, 0, 1)
    assert (summary.cases, summary.instances) == (90, 90)
    assert summary.labels == {"normal": 30, "pneumonia": 30, "tuberculosis": 30}
    assert seen[0] == ("describe", 0, 90)
    assert seen[-1] == ("describe", 90, 90)
    generation = commit.opened(tmp_path / "ix")
    commit.check(generation)
    dims = generation.manifest["dims"]
    assert list(dims) == sorted(BLOCKS)
    table = rows_of(tmp_path / "ix")
    for name in BLOCKS:
        lengths = np.linalg.norm(block_of(table, name), axis=1)
        assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0)), name
    assert (np.linalg.norm(block_of(table, "embedding"), axis=1) > 0).all()
    store = Store(generation.path)
    blocks = {name: dims[name] for name in BLOCKS}
    taught = read_heads(generation.path / "heads", blocks).likeness
    wide = sum(searched_dims(blocks, taught).values())
    index = vectors.read(generation.path / "vectors.faiss", 90, wide)
    told = np.vstack(list(searched_vectors(store, blocks, taught)))
    np.testing.assert_array_equal(index.reconstruct_n(0, 90), told)
    assert all(jpeg.startswith(b"\xff\xd8") for jpeg in store.preview(range(90)).values())


def test_a_second_run_does_nothing(archive: Path, tmp_path: Path) -> None:
    first = build(archive, tmp_path / "ix")
    before = (tmp_path / "ix" / "CURRENT").read_text()
    second = build(archive, tmp_path / "ix")
    assert (first.described, first.committed) == (12, True)
    assert (second.described, second.unchanged, second.committed) == (0, 12, False)
    assert (second.cases, second.generation) == (12, 1)
    assert (tmp_path / "ix" / "CURRENT").read_text() == before


def test_only_what_is_new_is_described_and_old_parts_are_linked(
    archive: Path, examples: Path, tmp_path: Path
) -> None:
    write_manifest(archive, [{**row, "findings": ""} for row in manifest_of(archive)])
    build(archive, tmp_path / "ix")
    old = commit.opened(tmp_path / "ix").path / "instances-00000001.parquet"
    inode = old.stat().st_ino
    added = sorted((examples / "queries").glob("*.jpg"))[0]
    shutil.copy(added, archive / "new.jpg")
    rows = manifest_of(archive)
    write_manifest(archive, [*rows, {**rows[0], "path": "new.jpg", "patient_id": "someone"}])
    summary = build(archive, tmp_path / "ix")
    assert (summary.described, summary.unchanged, summary.cases) == (1, 12, 13)
    new = commit.opened(tmp_path / "ix").path
    assert (new / "instances-00000001.parquet").stat().st_ino == inode
    assert (new / "instances-00000002.parquet").exists()


def test_a_changed_film_is_described_again(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    films = sorted(archive.rglob("*.jpg"))
    shutil.copy(films[1], films[0].with_suffix(".tmp"))
    films[1].unlink()
    films[0].with_suffix(".tmp").replace(films[0])
    write_manifest(
        archive,
        [r for r in manifest_of(archive) if r["path"] != films[1].relative_to(archive).as_posix()],
    )
    summary = build(archive, tmp_path / "ix")
    assert (summary.described, summary.moved) == (0, 1)  # by its bytes it is another film of theirs
    assert (summary.removed, summary.rejected) == (1, 0)
    assert (summary.cases, summary.vanished) == (11, 0)  # its film is there by another name


def test_vanished_films_stay_until_they_are_pruned(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    rows = manifest_of(archive)
    (archive / rows[0]["path"]).unlink()
    write_manifest(archive, rows[1:])
    kept = build(archive, tmp_path / "ix")
    assert (kept.vanished, kept.removed, kept.cases, kept.committed) == (1, 0, 12, False)
    pruned = build(archive, tmp_path / "ix", Options(prune=True))
    assert (pruned.vanished, pruned.removed, pruned.cases) == (0, 1, 11)
    assert rows[0]["path"] not in rows_of(tmp_path / "ix").column("path").to_pylist()
    assert vectors.read(
        commit.opened(tmp_path / "ix").path / "vectors.faiss",
        11,
        sum(commit.opened(tmp_path / "ix").manifest["dims"].values()),
    )


def test_new_labels_do_not_describe_anything_again(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    before = rows_of(tmp_path / "ix")
    rows = manifest_of(archive)
    rows[0]["label"] = "pneumonia"
    write_manifest(archive, rows)
    summary = build(archive, tmp_path / "ix")
    assert (summary.described, summary.relabelled, summary.unchanged) == (0, 1, 11)
    assert summary.labels == {"normal": 3, "pneumonia": 5, "tuberculosis": 4}
    after = rows_of(tmp_path / "ix")
    for name in ("colour", "edge", "embedding"):
        assert after.column(name).equals(before.column(name))


class StoppedError(Exception):
    """What the test interrupts a run with."""


def test_an_interrupted_run_goes_on_where_it_stopped(archive: Path, tmp_path: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if done == 7:
            raise StoppedError

    with pytest.raises(StoppedError):
        build(archive, tmp_path / "ix", progress=interrupt)
    assert commit.live(tmp_path / "ix") is None
    summary = build(archive, tmp_path / "ix")
    assert (summary.resumed, summary.described) == (7, 5)
    build(archive, tmp_path / "whole")
    assert rows_of(tmp_path / "ix").equals(rows_of(tmp_path / "whole"))
    assert not (tmp_path / "ix" / commit.WORK).exists()


def test_other_settings_describe_everything_again(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    other = Config(preprocess={"": ("voi", "median:3"), "CR": ("voi", "median:3")})
    summary = build(archive, tmp_path / "ix", Options(config=other))
    assert (summary.described, summary.unchanged, summary.generation) == (12, 0, 2)
    again = build(archive, tmp_path / "ix", Options(config=other, resume=False))
    assert (again.described, again.unchanged) == (12, 0)


def test_a_step_that_does_not_exist_is_told_before_anything_is_done(
    archive: Path, tmp_path: Path
) -> None:
    for config in (Config(preprocess={"CR": ("sharpen",)}), Config(segment={"CT": "magic"})):
        with pytest.raises(UsageError, match=r"sharpen|magic"):
            build(archive, tmp_path / "ix", Options(config=config))
    assert not (tmp_path / "ix").exists()


def test_a_dry_run_writes_nothing(archive: Path, tmp_path: Path) -> None:
    summary = build(archive, tmp_path / "ix", Options(dry_run=True))
    assert (summary.described, summary.dry_run) == (12, True)
    assert not (tmp_path / "ix").exists()


def test_a_locked_index_is_left_alone(archive: Path, tmp_path: Path) -> None:
    with commit.locked(tmp_path / "ix"), pytest.raises(IndexLocked):
        build(archive, tmp_path / "ix")


def test_a_damaged_index_is_not_built_upon(archive: Path, tmp_path: Path) -> None:
    build(archive, tmp_path / "ix")
    part = commit.opened(tmp_path / "ix").path / "instances-00000001.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(bytes(data))
    with pytest.raises(IndexDamaged, match="instances-00000001"):
        build(archive, tmp_path / "ix")
    summary = build(archive, tmp_path / "ix", Options(resume=False))
    assert (summary.described, summary.generation) == (12, 2)


def test_a_folder_that_cannot_be_written_is_a_sentence(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CannotWrite, match="cannot be written"):
        build(archive, tmp_path / "file" / "ix")


def test_replaced_words_do_not_live_on(archive: Path, tmp_path: Path) -> None:
    rows = manifest_of(archive)
    rows[0]["findings"] = "quuxosis"
    write_manifest(archive, rows)
    build(archive, tmp_path / "ix")
    film = archive / rows[0]["path"]
    film.write_bytes(film.read_bytes())
    rows[0]["findings"] = "nothing"
    write_manifest(archive, rows)
    build(archive, tmp_path / "ix")
    live = commit.opened(tmp_path / "ix").path
    kept = [path.name for path in live.rglob("*") if path.is_file()]
    assert [n for n in kept if b"quuxosis" in next(live.rglob(n)).read_bytes()] == []


@pytest.mark.shared
def test_series_become_volumes(shared: Path, tmp_path: Path) -> None:
    summary = build(shared / "chest_ct", tmp_path / "ix", Options(config=Config(slices=8)))
    assert (summary.cases, summary.instances, summary.rejected) == (3, 24, 0)
    assert summary.labels == {"covid-19": 1, "normal": 1, "pneumonia": 1}
    facts = Store(commit.opened(tmp_path / "ix").path).facts()
    assert set(facts.column("segmentation").to_pylist()) == {"ct_lungs"}
    assert set(facts.column("modality").to_pylist()) == {"CT"}
    assert len(set(facts.column("path").to_pylist())) == 24
