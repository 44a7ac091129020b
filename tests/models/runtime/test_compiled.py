"""The cache of compiled networks: what it keeps, and what it does not trust."""

import os
from pathlib import Path

import pytest

from models.runtime.compiled import CompiledCache


def test_kept_and_read_back(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path / "deep" / "compiled")
    assert cache.get("a") is None
    cache.put("a", b"network")
    assert cache.get("a") == b"network"
    assert cache.get("b") is None
    assert (tmp_path / "deep" / "compiled").stat().st_mode & 0o777 == 0o700
    assert [p.name for p in cache.folder.iterdir()] == ["a.blob"]


@pytest.mark.parametrize("damage", [b"", b"short", b"\x00" * 64])
def test_damage_is_not_read_back(tmp_path: Path, damage: bytes) -> None:
    cache = CompiledCache(tmp_path / "compiled")
    cache.put("a", b"network")
    (cache.folder / "a.blob").write_bytes(damage)
    assert cache.get("a") is None


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path / "compiled")
    cache.put("a", b"network")
    cache.folder.chmod(0o777)
    assert cache.get("a") is None
    cache.put("b", b"network")
    assert [p.name for p in cache.folder.iterdir()] == ["a.blob"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    real = CompiledCache(tmp_path / "real")
    real.put("a", b"network")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert CompiledCache(tmp_path / "link").get("a") is None


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = CompiledCache(tmp_path / "file")
    cache.put("a", b"network")
    assert cache.get("a") is None


def test_the_oldest_go(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path / "compiled")
    for number in range(8):
        cache.put(f"k{number}", b"network")
        os.utime(cache.folder / f"k{number}.blob", (number, number))
    cache.put("new", b"network")
    assert sorted(p.stem for p in cache.folder.iterdir()) == [
        *(f"k{number}" for number in range(1, 8)),
        "new",
    ]


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CBIR_COMPILE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = CompiledCache.default()
    assert found is not None and found.folder == tmp_path / "cbir" / "compiled"
    monkeypatch.setenv("CBIR_COMPILE_CACHE", str(tmp_path / "other"))
    found = CompiledCache.default()
    assert found is not None and found.folder == tmp_path / "other"
    monkeypatch.setenv("CBIR_COMPILE_CACHE", "off")
    assert CompiledCache.default() is None
