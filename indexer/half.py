"""Vectors of 16-bit numbers, row i of the file that of instance i, read without loading them all.

The file is FAISS's own form of a flat index of 16-bit floats, written here for the reasons that
`indexer.vectors` gives; beside it lies a checksum for each row (`indexer.row_sums`). Whoever opens
the file compares that small file with its hash, and each row with its sum when it is first read.
A number of a unit vector is rounded by at most 1 part in 2,048.
"""

import struct
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from indexer.commit import writing
from indexer.row_sums import HalfRows, Sums, sums_of
from indexer.vectors import FILE
from models.arrays import FloatImage, Mask
from models.errors import IndexDamaged

if TYPE_CHECKING:
    import faiss

SUMS = "vectors.sums"

# faiss/impl/index_write.cpp, IndexScalarQuantizer: fourcc, d, ntotal, two unused numbers,
# is_trained, metric (0: inner product); of the quantizer its type (4: QT_fp16), two settings of
# ranges, d, bytes a code, no trained numbers; the number of bytes and the bytes.
_HEADER = struct.Struct("<4siqqq?iiifQQQQ")
_UNUSED = 1 << 20
_FP16 = 4
_AT_ONCE = 1 << 14
_FEW = 32
"""Rows for which it costs more to call FAISS than to make them floats."""
_MANY = 8
"""From so many query vectors on, making floats once costs less than FAISS does it for each."""


def _header(count: int, dim: int) -> bytes:
    told = (b"IxSQ", dim, count, _UNUSED, _UNUSED, True, 0, _FP16, 0, 0.0)
    return _HEADER.pack(*told, dim, 2 * dim, 0, 2 * dim * count)


def write(folder: Path, vectors: Iterable[FloatImage], dim: int) -> int:
    """Writes vectors (n, dim), float32, and their sums, batch after batch; gives their number.

    Raises `CannotWrite`.
    """
    count = 0
    path, beside = folder / FILE, folder / SUMS
    with writing(path), path.open("wb") as handle, beside.open("wb") as sums:
        handle.write(b"\0" * _HEADER.size)
        for batch in vectors:
            rows = np.ascontiguousarray(batch, "<f2").view(np.uint16)
            numbers = np.arange(count, count + len(rows), dtype=np.int64)
            handle.write(rows.data)
            sums.write(sums_of(rows, numbers).astype("<u8").data)
            count += len(rows)
        handle.seek(0)
        handle.write(_header(count, dim))
    return count


class HalfVectors:
    """The vectors that `write` wrote; damaged rows are never answered from.

    It does what `retrieval.ranking` asks of a FAISS index, and more cheaply.
    """

    def __init__(self, folder: Path, count: int, dim: int) -> None:
        """`folder`: of the generation. The caller has compared `SUMS` with its hash.

        Raises `IndexDamaged` if the files are not exactly of `count` vectors of `dim` numbers.
        """
        self.ntotal, self.d = count, dim
        self._path = folder / FILE
        try:
            with self._path.open("rb") as handle:
                header = handle.read(_HEADER.size)
            size = self._path.stat().st_size
            self._sums: Sums = np.fromfile(folder / SUMS, "<u8")
        except OSError as error:
            raise IndexDamaged(f"{self._path} cannot be read") from error
        if header != _header(count, dim) or size != _HEADER.size + 2 * dim * count:
            raise IndexDamaged(f"{self._path} does not hold {count} vectors of {dim}")
        if len(self._sums) != count:
            raise IndexDamaged(f"{folder / SUMS} does not hold {count} sums")
        self._believed = np.zeros(count, bool)
        data = np.memmap(self._path, np.uint8, "r") if count else np.zeros(_HEADER.size, np.uint8)
        # The header has an odd length, so rows do not begin at even addresses.
        self._rows = data[_HEADER.size :].view("V2").view("<u2").reshape(count, dim)

    def codes(self, rows: NDArray[np.int64]) -> HalfRows:
        """Some rows as they stand, uint16 (n, dim). Raises `IndexDamaged`."""
        found: HalfRows = self._rows[rows]
        new = ~self._believed[rows]
        if new.any():
            numbers = rows[new]
            self._check(found if new.all() else found[new], numbers)
        return found

    def _check(self, found: HalfRows, numbers: NDArray[np.int64]) -> None:
        if not np.array_equal(sums_of(found, numbers), self._sums[numbers]):
            raise IndexDamaged(f"{self._path} is not what was written")
        self._believed[numbers] = True

    def check_all(self) -> None:
        """Compares every row that was not looked at yet with its sum. Raises `IndexDamaged`."""
        for first in range(0, self.ntotal, _AT_ONCE):
            numbers = np.arange(first, min(first + _AT_ONCE, self.ntotal))
            if not self._believed[numbers].all():
                self._check(np.ascontiguousarray(self._rows[numbers[0] : numbers[-1] + 1]), numbers)

    def reconstruct_batch(self, rows: Sequence[int] | NDArray[np.int64]) -> FloatImage:
        """The vectors of some rows: float32 (n, dim)."""
        return self.codes(np.asarray(rows, np.int64)).view("<f2").astype(np.float32)

    def reconstruct_n(self, first: int, count: int) -> FloatImage:
        """The vectors of rows one after the other: float32 (count, dim)."""
        return self.reconstruct_batch(np.arange(first, first + count))

    def alike(self, query: FloatImage, rows: NDArray[np.int64]) -> FloatImage:
        """The inner products of query vectors with some rows: float32 (queries, rows)."""
        if len(query) >= _MANY or len(rows) < _FEW:
            return np.asarray(query @ self.reconstruct_batch(rows).T, np.float32)
        import faiss

        kind = faiss.ScalarQuantizer.QT_fp16
        few = faiss.IndexScalarQuantizer(self.d, kind, faiss.METRIC_INNER_PRODUCT)
        few.add_sa_codes(self.codes(rows).view(np.uint8))
        scores, places = few.search(np.ascontiguousarray(query), len(rows))
        found = np.empty_like(scores)
        np.put_along_axis(found, places, scores, axis=1)
        return np.asarray(found, np.float32)

    def search(
        self, query: FloatImage, depth: int, params: "faiss.SearchParameters | None" = None
    ) -> tuple[FloatImage, NDArray[np.int64]]:
        """Compares with every row, as a FAISS index does: scores and rows (queries, depth)."""
        scores, rows = self._whole.search(query, depth, params=params)
        return scores, rows

    @cached_property
    def _whole(self) -> "faiss.Index":
        """FAISS's index over the mapped file; every row of it was compared with its sum."""
        import faiss

        self.check_all()
        return faiss.read_index(str(self._path), faiss.IO_FLAG_MMAP_IFC)


def mask_selector(allowed: Mask) -> "tuple[faiss.IDSelectorBitmap, NDArray[np.uint8]]":
    """What tells FAISS which rows count, with the bits that have to live as long as it."""
    import faiss

    bits = np.packbits(allowed, bitorder="little")
    return faiss.IDSelectorBitmap(allowed.size, faiss.swig_ptr(bits)), bits
