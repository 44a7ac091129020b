"""The feature store: parquet files that hold everything an index knows. The rest can be rebuilt.

instances-*.parquet   one row an instance, its descriptors among the columns
cases.parquet         one row a case
files.parquet         one row a file that was taken: when it is unchanged it is not read again
rejects.parquet       one row a file that was not taken, and why
previews/*.parquet    one JPEG an instance, part by part as the instances
regions/*.parquet     what stands where in an instance, likewise; see `indexer.cells_store`
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from indexer.commit import writing
from models.arrays import FloatImage
from models.descriptors import BLOCKS
from models.errors import IndexDamaged

IDENTITY = pa.schema(
    [
        ("instance_id", pa.string()),  # source, and the slice's number in a volume
        ("source", pa.string()),  # the scan's first file, relative to the archive
        ("path", pa.string()),  # this instance's file
        ("slice_index", pa.int32()),  # place in the volume from 0; -1 for a picture
        ("rows", pa.int32()),
        ("columns", pa.int32()),
        ("quality", pa.string()),  # findings, joined by "; "; see `indexer.quality`
        ("segmentation", pa.string()),
    ]
)
"""What describing a scan gives, beside the vectors."""

FACTS = pa.schema(
    [
        ("case_id", pa.string()),
        ("patient_id", pa.string()),
        ("header_patient_id", pa.string()),  # as in the file, where the manifest may differ
        ("study_id", pa.string()),
        ("series_id", pa.string()),
        ("modality", pa.string()),
        ("body_part", pa.string()),
        ("view", pa.string()),
        ("sex", pa.string()),
        ("age", pa.float64()),  # years
        ("label", pa.string()),
        ("findings", pa.string()),
        ("annotated_by", pa.string()),  # the models that wrote `findings`; null: a person, or none
        ("split", pa.string()),
    ]
)
"""What the manifest, the folder and the header say; a null is what nobody said."""

FILES = pa.schema(
    [
        ("path", pa.string()),
        ("source", pa.string()),
        ("bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
        ("sha256", pa.string()),
        ("header", pa.string()),  # JSON, on the scan's first file only
        ("series", pa.string()),  # what joins slices to a volume; empty for a scan of its own
    ]
)

REJECTS = pa.schema(
    [
        ("path", pa.string()),
        ("code", pa.string()),
        ("sentence", pa.string()),
        ("source", pa.string()),  # the scan that was refused as a whole; empty for a file alone
        ("bytes", pa.int64()),
        ("mtime_ns", pa.int64()),
    ]
)

PREVIEW = "preview"
ROWS_IN_A_PART = 1024
CELLS, STEP, FRAME = "region_cells", "region_step", "region_frame"
REGIONS = (CELLS, STEP, FRAME)
"""The columns of regions/: an instance's cells, int8, their step, and its `indexer.frame`."""
_VECTORS = frozenset(BLOCKS) | {PREVIEW, *REGIONS}


def block_column(vectors: FloatImage) -> pa.Array:
    """A fixed-size list column of float32 from vectors (n, dim)."""
    flat = pa.array(np.ascontiguousarray(vectors, np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1])


def block_of(table: pa.Table, name: str) -> FloatImage:
    """The vectors (n, dim), float32, of one descriptor's column."""
    column = table.column(name).combine_chunks()
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks)
    dim = column.type.list_size
    vectors: FloatImage = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, dim)
    return vectors


def facts_columns(table: pa.Table, facts: Mapping[str, Mapping[str, Any]]) -> pa.Table:
    """`table` with the facts of each row's source put in place of those that it had.

    Facts beside `FACTS` (a manifest's further columns) become string columns of their own.
    """
    sources = table.column("source").to_pylist()
    extra = sorted({name for told in facts.values() for name in told} - set(FACTS.names))
    keep = [name for name in table.column_names if name in IDENTITY.names or name in _VECTORS]
    table = table.select(keep)
    for column in [*FACTS, *(pa.field(name, pa.string()) for name in extra)]:
        values = [facts[source].get(column.name) for source in sources]
        table = table.append_column(column, pa.array(values, column.type))
    return table


class PartWriter:
    """Writes instance rows and their previews, part after part, with a bounded memory."""

    def __init__(self, folder: Path, first: int) -> None:
        """`first`: the number of the first part to be written."""
        self._folder = folder
        self._next = first
        self._held: list[pa.Table] = []
        self._count = 0

    def add(self, table: pa.Table) -> None:
        """Takes rows (with their previews and regions); writes a part whenever there are enough."""
        self._held.append(table)
        self._count += len(table)
        if self._count >= ROWS_IN_A_PART:
            self.flush()

    def flush(self) -> None:
        """Writes what is held."""
        if not self._count:
            return
        table = pa.concat_tables(self._held, promote_options="default")
        name = f"{self._next:08d}"
        beside = {PREVIEW, *REGIONS} & set(table.column_names)
        write(table.drop_columns(sorted(beside)), self._folder / f"instances-{name}.parquet")
        previews = table.select(["instance_id", PREVIEW])
        write(previews, self._folder / "previews" / f"{name}.parquet", row_group_size=64)
        if CELLS in beside:
            regions = table.select(["instance_id", *REGIONS])
            write(regions, self._folder / "regions" / f"{name}.parquet")
        self._next += 1
        self._held, self._count = [], 0


def write(table: pa.Table, path: Path, row_group_size: int = 1024) -> None:
    """One parquet file. Raises `CannotWrite`."""
    plain = [name for name in table.column_names if name not in _VECTORS]
    # Neither floats nor JPEGs become smaller; trying takes a twentieth of a whole build.
    compression = {name: "zstd" if name in plain else "none" for name in table.column_names}
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not by its name: a file that Arrow opens tells less of what goes wrong.
        with path.open("wb") as handle:
            pq.write_table(
                table,
                handle,
                row_group_size=row_group_size,
                compression=compression,
                use_dictionary=plain,
                write_page_checksum=True,
            )


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise IndexDamaged(f"{path} cannot be read") from error


def _pictures(path: Path, file: pq.ParquetFile, group: int) -> pa.ChunkedArray:
    try:
        return file.read_row_group(group, columns=[PREVIEW]).column(0)
    except (OSError, pa.ArrowException, KeyError) as error:
        raise IndexDamaged(f"{path} cannot be read") from error


def read(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """One parquet file, or some of its columns. Raises `IndexDamaged` naming it."""
    try:
        return _opened(path).read(columns=None if columns is None else list(columns))
    except (OSError, pa.ArrowException, KeyError) as error:
        raise IndexDamaged(f"{path} cannot be read") from error


@dataclass(frozen=True, slots=True)
class Store:
    """The parquet files of one generation, read as they are asked for."""

    folder: Path

    def parts(self) -> list[str]:
        """The names of the instance parts, in the order of the vectors."""
        return sorted(
            path.stem.removeprefix("instances-") for path in self.folder.glob("instances-*.parquet")
        )

    def columns(self, name: str) -> list[str]:
        """The columns of one part that are not vectors."""
        path = self.folder / f"instances-{name}.parquet"
        try:
            return [c for c in pq.read_schema(path).names if c not in _VECTORS]
        except (OSError, pa.ArrowException) as error:
            raise IndexDamaged(f"{path} cannot be read") from error

    def rows_in(self, name: str) -> int:
        """How many rows a part has."""
        path = self.folder / f"instances-{name}.parquet"
        try:
            return int(pq.read_metadata(path).num_rows)
        except (OSError, pa.ArrowException) as error:
            raise IndexDamaged(f"{path} cannot be read") from error

    def instances(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """One part's rows."""
        return read(self.folder / f"instances-{name}.parquet", columns)

    def previews(self, name: str) -> pa.Table:
        """One part's previews: instance_id and the JPEG."""
        return read(self.folder / "previews" / f"{name}.parquet")

    def facts(self) -> pa.Table:
        """Every instance's row without its vectors, in the order of the vectors."""
        tables = [self.instances(name, self.columns(name)) for name in self.parts()]
        if not tables:
            return pa.Table.from_pylist([], pa.unify_schemas([IDENTITY, FACTS]))
        return pa.concat_tables(tables, promote_options="default")

    def vectors(self, dims: Mapping[str, int]) -> Iterator[FloatImage]:
        """Every instance's vector, float32 (n, sum of dims), part by part, in order."""
        for name in self.parts():
            table = self.instances(name, list(dims))
            yield np.hstack([block_of(table, block) for block in dims])

    def regions(self, name: str, columns: Sequence[str] | None = None) -> pa.Table | None:
        """One part's cells; None where a version of this software wrote it that made none."""
        path = self.folder / "regions" / f"{name}.parquet"
        return read(path, columns) if path.exists() else None

    def has_regions(self, name: str) -> bool:
        """Whether a part has cells."""
        return (self.folder / "regions" / f"{name}.parquet").exists()

    def count(self, name: str) -> int:
        """How many rows a part has. Raises `IndexDamaged`."""
        return int(_opened(self.folder / f"instances-{name}.parquet").metadata.num_rows)

    def preview(self, rows: Sequence[int]) -> dict[int, bytes]:
        """The JPEGs of some instances, by their place in the order of the vectors."""
        found, start = {}, 0
        for name in self.parts():
            path = self.folder / "previews" / f"{name}.parquet"
            file = _opened(path)
            for group in range(file.num_row_groups):
                end = start + file.metadata.row_group(group).num_rows
                wanted = [row for row in rows if start <= row < end]
                if wanted:
                    column = _pictures(path, file, group)
                    found.update({row: column[row - start].as_py() for row in wanted})
                start = end
        return found

    def table(self, name: str) -> pa.Table:
        """`cases`, `files` or `rejects`."""
        return read(self.folder / f"{name}.parquet")


def cases_of(instances: pa.Table, labels: Mapping[str, str | None]) -> pa.Table:
    """One row a case from the instances' rows, in the order in which the cases first come.

    `labels`: case id -> settled label. A case's other facts are those of its first instance;
    `instances` counts its rows, and `middle_row` is the one in their middle.
    """
    names = instances.column("case_id").to_numpy(zero_copy_only=False)
    _, first, case, count = np.unique(
        names, return_index=True, return_inverse=True, return_counts=True
    )
    by_case = np.argsort(case, kind="stable")
    middle = by_case[np.cumsum(count) - count + count // 2]
    order = np.argsort(first, kind="stable")
    cases = instances.take(pa.array(first[order])).drop_columns(
        ["instance_id", "slice_index", "rows", "columns", "segmentation", "quality"]
    )
    settled = pa.array([labels.get(c) for c in cases.column("case_id").to_pylist()], pa.string())
    place = cases.schema.get_field_index("label")
    cases = cases.set_column(place, pa.field("label", pa.string()), settled)
    cases = cases.append_column("instances", pa.array(count[order], pa.int64()))
    return cases.append_column("middle_row", pa.array(middle[order], pa.int64()))
