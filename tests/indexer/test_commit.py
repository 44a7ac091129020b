"""Generations: written whole or not at all, and checked before they are believed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from indexer import commit
from models.errors import CannotWrite, IndexDamaged, IndexLocked, IndexUnusable


def published(index: Path, number: int, text: str = "hello") -> commit.Generation:
    index.mkdir(exist_ok=True)
    folder = commit.begin(index, number)
    commit.write_file(folder / "a.txt", text.encode())
    (folder / "sub").mkdir()
    commit.write_file(folder / "sub" / "b.txt", b"there")
    return commit.publish(index, folder, number, {"told": 1})


def test_a_generation_is_what_current_names(tmp_path: Path) -> None:
    generation = published(tmp_path / "index", 7)
    assert generation.path.name == "gen-00000000000000000007"
    name, digest = (tmp_path / "index" / "CURRENT").read_text().split()
    assert name == "gen-00000000000000000007"
    assert digest == commit.sha256_of(generation.path / "manifest.json")
    live = commit.opened(tmp_path / "index")
    assert live.number == 7
    assert live.manifest["told"] == 1
    assert live.manifest["files"]["sub/b.txt"]["bytes"] == 5
    commit.check(live)


def test_where_nothing_was_committed_there_is_no_generation(tmp_path: Path) -> None:
    assert commit.live(tmp_path) is None
    with pytest.raises(IndexUnusable, match="holds no index"):
        commit.opened(tmp_path)
    with pytest.raises(IndexUnusable, match="there is no index"):
        commit.opened(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["a.txt", "sub/b.txt"])
@pytest.mark.parametrize("damage", ["delete", "empty", "halve", "append", "flip"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, damage: str) -> None:
    generation = published(tmp_path, 1)
    path = generation.path / name
    data = path.read_bytes()
    changed = {
        "empty": b"",
        "halve": data[: len(data) // 2],
        "append": data + b"!",
        "flip": bytes([data[0] ^ 1]) + data[1:],
    }
    if damage == "delete":
        path.unlink()
    else:
        path.write_bytes(changed[damage])
    with pytest.raises(IndexDamaged, match=name):
        commit.check(commit.opened(tmp_path))


@pytest.mark.parametrize("text", ["", "gen-1 abc", "gen-00000000000000000001 " + "0" * 64, "\xff"])
def test_a_damaged_current_is_no_generation(tmp_path: Path, text: str) -> None:
    published(tmp_path, 1)
    (tmp_path / "CURRENT").write_text(text, encoding="latin-1")
    with pytest.raises(IndexDamaged):
        commit.live(tmp_path)


def test_a_changed_manifest_is_not_believed(tmp_path: Path) -> None:
    manifest = published(tmp_path, 1).path / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"told": 1', '"told": 2'))
    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        commit.live(tmp_path)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    generation = published(tmp_path, 1)
    told = {**generation.manifest, "schema": 99}
    (generation.path / "manifest.json").write_text(json.dumps(told))
    digest = commit.sha256_of(generation.path / "manifest.json")
    (tmp_path / "CURRENT").write_text(f"{generation.path.name} {digest}\n")
    with pytest.raises(IndexUnusable, match="schema 99"):
        commit.live(tmp_path)


def test_a_second_writer_is_refused_and_a_dead_one_is_forgotten(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys; from pathlib import Path; from indexer import commit\n"
            f"with commit.locked(Path({str(tmp_path)!r})):\n"
            "    print('held', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(IndexLocked, match="being written"), commit.locked(tmp_path):
        pass
    holder.kill()
    holder.communicate()
    with commit.locked(tmp_path):
        pass


def test_a_full_disk_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite, match="the disk is full"):
        commit.write_file(Path("/dev/full"), b"x" * 100_000)
    assert not list(tmp_path.iterdir())


def test_a_current_that_is_gone_is_missed_once_there_was_one(tmp_path: Path) -> None:
    published(tmp_path, 1)
    (tmp_path / "CURRENT").unlink()
    with pytest.raises(IndexDamaged, match="CURRENT is missing"):
        commit.live(tmp_path)
    (tmp_path / "CURRENT.new").write_text("as a first commit that stopped half-way leaves it")
    assert commit.live(tmp_path) is None


def test_a_part_that_is_linked_keeps_its_hash_even_if_it_has_changed(tmp_path: Path) -> None:
    folder = commit.begin(tmp_path, 1)
    commit.write_file(folder / "instances-1.parquet", b"truth")
    first = commit.publish(tmp_path, folder, 1, {})
    (first.path / "instances-1.parquet").write_bytes(b"wrong")
    for number, carried in ((2, "link"), (3, "copy")):
        folder = commit.begin(tmp_path, number)
        if carried == "link":
            (folder / "instances-1.parquet").hardlink_to(first.path / "instances-1.parquet")
            second = commit.publish(tmp_path, folder, number, {}, first)
            with pytest.raises(IndexDamaged, match=r"instances-1\.parquet is not what was written"):
                commit.check(second)
        else:
            (folder / "instances-1.parquet").write_bytes(b"wrong")
            with pytest.raises(IndexDamaged, match=r"instances-1\.parquet is not what was written"):
                commit.publish(tmp_path, folder, number, {}, first)
