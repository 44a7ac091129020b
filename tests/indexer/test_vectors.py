"""The vector file is FAISS's own form, and nothing else is ever given to FAISS."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from indexer import vectors
from models.errors import CannotWrite, IndexDamaged

DIM = 37


def some(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_it_is_byte_for_byte_what_faiss_writes(tmp_path: Path, count: int) -> None:
    rows = some(count)
    index = faiss.IndexFlatIP(DIM)
    index.add(rows)
    path = tmp_path / "vectors.faiss"
    assert vectors.write(path, [rows[:300], rows[300:]], DIM) == count
    assert path.read_bytes() == faiss.serialize_index(index).tobytes()


def test_a_large_index_is_mapped_and_answers_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = some(500)
    path = tmp_path / "vectors.faiss"
    vectors.write(path, [rows], DIM)
    loaded = vectors.read(path, 500, DIM).search(rows[:5], 3)
    monkeypatch.setattr(vectors, "_MAP_FROM_BYTES", 0)
    mapped = vectors.read(path, 500, DIM).search(rows[:5], 3)
    np.testing.assert_array_equal(loaded[1], mapped[1])
    np.testing.assert_array_equal(loaded[1][:, 0], np.argmax(rows[:5] @ rows.T, axis=1))


def test_a_file_of_another_form_never_reaches_faiss(tmp_path: Path) -> None:
    path = tmp_path / "vectors.faiss"
    vectors.write(path, [some(10)], DIM)
    good = path.read_bytes()
    for place in range(45):
        path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(IndexDamaged):
            vectors.read(path, 10, DIM)
    for bad in (b"", good[:-1], good + b"\0"):
        path.write_bytes(bad)
        with pytest.raises(IndexDamaged):
            vectors.read(path, 10, DIM)
    with pytest.raises(IndexDamaged):
        vectors.read(tmp_path / "none", 10, DIM)


def test_a_full_disk_is_noticed() -> None:
    with pytest.raises(CannotWrite, match="the disk is full"):
        vectors.write(Path("/dev/full"), [some(1000)], DIM)
