"""Readers that open while generations come and go."""

from pathlib import Path

import pytest

from indexer import commit, readers
from indexer.sweep import sweep
from models.errors import IndexDamaged
from tests.indexer.test_commit import published


def test_a_reader_keeps_what_it_opened(tmp_path: Path) -> None:
    published(tmp_path, 1)
    with readers.holding(tmp_path) as generation:
        sweep(tmp_path, published(tmp_path, 2), keep_for_s=0)
        assert (generation.number, (generation.path / "a.txt").read_text()) == (1, "hello")
    assert sweep(tmp_path, commit.opened(tmp_path), keep_for_s=0).removed == (1,)


def test_a_generation_that_is_removed_between_two_steps_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(tmp_path, 1)
    opened = commit.opened

    def too_late(index: Path) -> commit.Generation:
        found = opened(index)
        if found.number == 1:  # the index changes after CURRENT was read
            sweep(tmp_path, published(tmp_path, 2), keep_for_s=0)
        return found

    monkeypatch.setattr(commit, "opened", too_late)
    with readers.holding(tmp_path) as generation:
        assert generation.number == 2


def test_a_generation_that_is_really_gone_is_damage(tmp_path: Path) -> None:
    generation = published(tmp_path, 1)
    (generation.path / "manifest.json").unlink()
    with pytest.raises(IndexDamaged, match=r"manifest\.json, which CURRENT names"):
        readers.open_held(tmp_path)
