"""The vector index: every instance's blocks side by side, under inner product, searched exactly.

FAISS reports neither a full disk nor a damaged file, and loading a file of its from a stranger is
a risk to memory. So the file is written here, in FAISS's own layout of a flat index, in one pass
and with a memory that does not grow; and it is read by FAISS only after its header was found to
describe exactly the bytes that follow.
"""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.commit import writing
from models.arrays import FloatImage
from models.errors import IndexDamaged

if TYPE_CHECKING:
    import faiss

FILE = "vectors.faiss"

# faiss/impl/index_write.cpp, IndexFlat: fourcc, then d, ntotal, two unused numbers, is_trained,
# metric (0: inner product), then the number of floats and the floats themselves.
_HEADER = struct.Struct("<4siqqq?iQ")
_FOURCC = b"IxFI"
_UNUSED = 1 << 20
_MAP_FROM_BYTES = 256 << 20


def write(path: Path, vectors: Iterable[FloatImage], dim: int) -> int:
    """Writes vectors (n, dim), float32, batch after batch; gives their number.

    Raises `CannotWrite`.
    """
    count = 0
    with writing(path), path.open("wb") as handle:
        handle.write(b"\0" * _HEADER.size)
        for batch in vectors:
            handle.write(np.ascontiguousarray(batch, "<f4").data)
            count += len(batch)
        handle.seek(0)
        handle.write(_HEADER.pack(_FOURCC, dim, count, _UNUSED, _UNUSED, True, 0, count * dim))
    return count


def read(path: Path, count: int, dim: int) -> "faiss.Index":
    """The index of `count` vectors of `dim` numbers that `write` wrote.

    A large one is mapped, not loaded. Raises `IndexDamaged` if the file is not exactly that.
    """
    import faiss

    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            header = handle.read(_HEADER.size)
    except OSError as error:
        raise IndexDamaged(f"{path} cannot be read") from error
    expected = _HEADER.pack(_FOURCC, dim, count, _UNUSED, _UNUSED, True, 0, count * dim)
    if header != expected or size != _HEADER.size + 4 * count * dim:
        raise IndexDamaged(f"{path} does not hold {count} vectors of {dim}")
    flags = faiss.IO_FLAG_MMAP_IFC if size > _MAP_FROM_BYTES else 0
    return faiss.read_index(str(path), flags)
