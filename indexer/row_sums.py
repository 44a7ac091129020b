"""A checksum for each row of a vector file, so that a few rows of a large file can be believed.

    sum(row) = word_0 * k_0 + word_1 * k_1 + ... + number of the row * k'      (mod 2^64)

with odd factors k (splitmix64, Steele, Lea and Flood 2014). A word that differs in one bit changes
the sum by an odd number times a power of two, which is never 0: every single bit that flips is
found, and other damage but for one case in about 2^64. It is for damage, not against forgers; whom
an index comes from is another matter (docs/architecture.md).
"""

import numpy as np
from numpy.typing import NDArray

Sums = NDArray[np.uint64]
HalfRows = NDArray[np.uint16]
"""Rows of 16-bit numbers as they stand in the file: uint16 (rows, dim)."""

_STEP = 0x9E3779B97F4A7C15
_WHOLE = (1 << 64) - 1
_WORDS = 4  # 16-bit numbers in a 64-bit word


def factors(count: int) -> Sums:
    """The first odd factors of the series: uint64 (count,)."""
    state = (np.arange(1, count + 1, dtype=np.uint64) * np.uint64(_STEP)) & np.uint64(_WHOLE)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Sums = (state ^ (state >> np.uint64(31))) | np.uint64(1)
    return mixed


def sums_of(rows: HalfRows, numbers: NDArray[np.int64]) -> Sums:
    """The checksum of each row: uint64 (rows,). `numbers`: int64 (rows,), their places."""
    whole = rows.shape[1] // _WORDS
    odd = factors(whole + rows.shape[1] % _WORDS + 1)
    words = np.ascontiguousarray(rows[:, : whole * _WORDS]).view(np.uint64)
    total: Sums = numbers.astype(np.uint64) * odd[-1]
    total += np.einsum("ij,j->i", words, odd[:whole])
    for at in range(whole * _WORDS, rows.shape[1]):
        total += rows[:, at].astype(np.uint64) * odd[at - whole * (_WORDS - 1)]
    return total
