"""16-bit vectors are FAISS's own form, and no damaged row is ever answered from."""

from pathlib import Path

import faiss
import numpy as np
import pytest

from indexer import half
from indexer.half import SUMS, HalfVectors
from indexer.row_sums import factors, sums_of
from indexer.vectors import FILE
from models.errors import CannotWrite, IndexDamaged

DIM = 39


def some(count: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_it_is_byte_for_byte_what_faiss_writes(tmp_path: Path, count: int) -> None:
    rows = some(count)
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(DIM, kind, faiss.METRIC_INNER_PRODUCT)
    index.add_sa_codes(rows.astype(np.float16).view(np.uint8))  # FAISS rounds less well itself
    assert half.write(tmp_path, [rows[:300], rows[300:]], DIM) == count
    assert (tmp_path / FILE).read_bytes() == faiss.serialize_index(index).tobytes()
    assert (tmp_path / SUMS).stat().st_size == 8 * count


def test_the_three_ways_to_compare_agree(tmp_path: Path) -> None:
    rows = some(500)
    half.write(tmp_path, [rows], DIM)
    vectors = HalfVectors(tmp_path, 500, DIM)
    stored = rows.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(vectors.reconstruct_n(7, 20), stored[7:27])
    wanted = np.array([3, 499, 0, 250])
    for query in (rows[:1], rows[:9]):
        np.testing.assert_allclose(
            vectors.alike(query, wanted), query @ stored[wanted].T, atol=2e-6
        )
    scores, found = vectors.search(rows[:3], 4)
    np.testing.assert_array_equal(found[:, 0], [0, 1, 2])
    truth = np.sort(rows[:3] @ stored.T, axis=1)[:, ::-1]
    np.testing.assert_allclose(scores, truth[:, :4], atol=2e-6)


def test_each_flipped_bit_of_a_row_is_found() -> None:
    row = np.arange(DIM, dtype=np.uint16)[None]
    at = np.array([5])
    whole = sums_of(row, at)
    for bit in range(16 * DIM):
        damaged = row.copy()
        damaged[0, bit // 16] ^= np.uint16(1 << bit % 16)
        assert sums_of(damaged, at) != whole
    assert sums_of(row, np.array([6])) != whole  # the same row in another place
    assert (factors(100) % 2 == 1).all() and len(set(factors(100).tolist())) == 100


def test_a_damaged_row_is_not_read_and_the_others_are(tmp_path: Path) -> None:
    half.write(tmp_path, [some(50)], DIM)
    data = bytearray((tmp_path / FILE).read_bytes())
    data[81 + 2 * DIM * 20 + 5] ^= 8
    (tmp_path / FILE).write_bytes(data)
    vectors = HalfVectors(tmp_path, 50, DIM)
    assert vectors.reconstruct_batch([19, 21]).shape == (2, DIM)
    for looked in (
        lambda: vectors.reconstruct_batch([19, 20]),
        lambda: vectors.alike(some(1), np.array([20])),
        lambda: vectors.search(some(1), 3),
        vectors.check_all,
    ):
        with pytest.raises(IndexDamaged, match=FILE):
            looked()


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    half.write(tmp_path, [some(10)], DIM)
    path = tmp_path / FILE
    good = path.read_bytes()
    for place in range(81):
        path.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        with pytest.raises(IndexDamaged):
            HalfVectors(tmp_path, 10, DIM)
    for bad in (b"", good[:-1], good + b"\0"):
        path.write_bytes(bad)
        with pytest.raises(IndexDamaged):
            HalfVectors(tmp_path, 10, DIM)
    path.write_bytes(good)
    (tmp_path / SUMS).write_bytes(b"")
    with pytest.raises(IndexDamaged, match=SUMS):
        HalfVectors(tmp_path, 10, DIM)


def test_a_full_disk_is_noticed(tmp_path: Path) -> None:
    (tmp_path / FILE).symlink_to("/dev/full")
    with pytest.raises(CannotWrite, match="the disk is full"):
        half.write(tmp_path, [some(5000)], DIM)
