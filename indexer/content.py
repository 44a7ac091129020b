"""The content hash: whether two indexes hold the same, however they came to it.

Files of the same content may differ in their bytes (parts are cut where a run was interrupted, the
manifest tells the time). So what is hashed is what the tables say, row by row and in no order, and
the fitted heads. `vectors.faiss` follows from these two.
"""

import hashlib
import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from indexer.commit import Generation
from indexer.store import CELLS, Store
from models.arrays import FloatImage


def content_hash(generation: Generation) -> str:
    """SHA-256, hexadecimal. Raises `IndexDamaged` for a table that cannot be read."""
    store = Store(generation.path)
    whole = hashlib.sha256()
    for name in ("cases", "files", "rejects"):
        whole.update(_together(name, _rows(store.table(name))))
    whole.update(_together("instances", _parts(store)))
    for path in sorted((generation.path / "heads").iterdir()):
        whole.update(_together(path.name, iter([path.read_bytes()])))
    return whole.hexdigest()


def _together(name: str, rows: Iterator[bytes]) -> bytes:
    digests = sorted(hashlib.sha256(row).digest() for row in rows)
    return hashlib.sha256(name.encode() + b"\0" + b"".join(digests)).digest()


def _parts(store: Store) -> Iterator[bytes]:
    for name in store.parts():
        previews = store.previews(name)
        yield from _rows(store.instances(name))
        yield from _rows(previews)
        regions = store.regions(name)
        if regions is not None:
            yield from _rows(regions.filter(regions.column(CELLS).is_valid()))


def _rows(table: pa.Table) -> Iterator[bytes]:
    """Each row, as bytes that are alike for alike rows, whatever the order of the columns.

    A value that nobody said is left out: so it is the same as a column that is not there. Which
    row of the vectors a case's middle is depends on their order, so that is left out too.
    """
    names = sorted(set(table.column_names) - {"middle_row"})
    dense = {name: _numbers(table.column(name)) for name in names if _is_vector(table, name)}
    for place, row in enumerate(table.select([n for n in names if n not in dense]).to_pylist()):
        said = {name: _plain(value) for name, value in row.items() if value is not None}
        vectors = [name.encode() + values[place].tobytes() for name, values in dense.items()]
        yield json.dumps(said, sort_keys=True).encode() + b"".join(vectors)


def _is_vector(table: pa.Table, name: str) -> bool:
    return bool(pa.types.is_fixed_size_list(table.schema.field(name).type))


def _numbers(column: pa.ChunkedArray) -> FloatImage:
    values: FloatImage = np.concatenate(
        [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
        or [np.zeros(0, np.float32)]
    ).reshape(-1, column.type.list_size)
    return values


def _plain(value: object) -> object:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
