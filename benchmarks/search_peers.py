"""What `benchmarks.search` compares with: other libraries on the same vectors, one thread each.

They hold the vectors scaled by the square roots of the default weights, under inner product, so
that any weights can be asked of them too. They are no dependencies of the product.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from benchmarks.search_vectors import BLOCKS, DIMS, WEIGHTS
from indexer.lists import lists_for
from models.arrays import FloatImage, Mask

_SCALE = np.repeat([WEIGHTS[name] ** 0.5 for name in DIMS], list(DIMS.values())).astype(np.float32)
WIDE = max(inside.stop for inside in BLOCKS.values())


class Peer(Protocol):
    """`efforts`: what is tried, the cheapest first, until the recall is reached."""

    name: str
    efforts: tuple[int, ...]

    def build(self, rows: FloatImage) -> None:
        """Takes vectors, float32 (n, 512), scaled."""

    def find(self, query: FloatImage, first: int, effort: int, allowed: Mask | None) -> np.ndarray:
        """The numbers of the nearest rows; `query`: float32 (512,), scaled."""

    def bytes_(self) -> tuple[int, int]:
        """In memory, and on disk."""


def stored(rows: FloatImage) -> FloatImage:
    """As a peer holds rows."""
    return np.ascontiguousarray(rows * _SCALE, np.float32)


def asked(query: FloatImage) -> FloatImage:
    """As a peer is asked with a weighted query."""
    return np.ascontiguousarray(query / _SCALE, np.float32)


class _Faiss:
    name = ""
    form = ""
    efforts: tuple[int, ...] = (1,)

    def build(self, rows: FloatImage) -> None:
        form = self.form.format(lists=lists_for(len(rows)))
        self.index = faiss.index_factory(rows.shape[1], form, faiss.METRIC_INNER_PRODUCT)
        self.index.train(rows[:: max(1, len(rows) // (39 * lists_for(len(rows))))])
        self.index.add(rows)

    def find(self, query: FloatImage, first: int, effort: int, allowed: Mask | None) -> np.ndarray:
        parameters = self.parameters(effort)
        if allowed is not None:
            bits = np.packbits(allowed, bitorder="little")
            parameters.sel = faiss.IDSelectorBitmap(allowed.size, faiss.swig_ptr(bits))
        found: np.ndarray = self.index.search(query[None], first, params=parameters)[1][0]
        return found

    def parameters(self, effort: int) -> Any:
        return faiss.SearchParameters()

    def bytes_(self) -> tuple[int, int]:
        size = len(faiss.serialize_index(self.index))
        return size, size


class _Flat(_Faiss):
    """FAISS, everything compared."""

    name, form = "FAISS Flat", "Flat"


class _Ivf(_Faiss):
    """FAISS, lists of whole vectors."""

    name, form = "FAISS IVF,Flat", "IVF{lists},Flat"
    efforts = (4, 8, 16, 32, 64, 128)

    def parameters(self, effort: int) -> Any:
        """`effort`: lists."""
        chosen = faiss.SearchParametersIVF()
        chosen.nprobe = effort
        return chosen


class _Hnsw(_Faiss):
    """FAISS, a graph."""

    name, form = "FAISS HNSW32", "HNSW32"
    efforts = (32, 64, 128, 256, 512)

    def parameters(self, effort: int) -> Any:
        """`effort`: efSearch."""
        chosen: Any = vars(faiss)["SearchParametersHNSW"]()
        chosen.efSearch = effort
        return chosen


class _Hnswlib:
    """hnswlib, M 16, ef_construction 200 (its defaults)."""

    name = "hnswlib"
    efforts = (32, 64, 128, 256, 512)

    def build(self, rows: FloatImage) -> None:
        import hnswlib

        self.index: Any = hnswlib.Index("ip", rows.shape[1])
        self.index.init_index(len(rows), ef_construction=200, M=16)
        self.index.set_num_threads(1)
        self.index.add_items(rows, num_threads=1)

    def find(self, query: FloatImage, first: int, effort: int, allowed: Mask | None) -> np.ndarray:
        self.index.set_ef(max(effort, first))
        how = None if allowed is None else lambda number: bool(allowed[number])
        try:
            found = self.index.knn_query(query[None], first, num_threads=1, filter=how)[0][0]
        except RuntimeError:  # it found fewer than were asked for
            return np.zeros(0, np.int64)
        return np.asarray(found, np.int64)

    def bytes_(self) -> tuple[int, int]:
        size = self.index.index_file_size()
        return size, size


class _Usearch:
    """usearch, 16-bit floats. It has no filter in Python: ten times as many are asked, and cut."""

    name = "usearch f16"
    efforts = (32, 64, 128, 256, 512)

    def build(self, rows: FloatImage) -> None:
        from usearch.index import Index

        self.index: Any = Index(ndim=rows.shape[1], metric="ip", dtype="f16")
        self.index.add(np.arange(len(rows)), rows, threads=1)

    def find(self, query: FloatImage, first: int, effort: int, allowed: Mask | None) -> np.ndarray:
        self.index.expansion_search = effort
        found = self.index.search(query, first if allowed is None else 10 * first, threads=1).keys
        kept = found if allowed is None else found[allowed[found.astype(np.int64)]]
        return np.asarray(kept[:first], np.int64)

    def bytes_(self) -> tuple[int, int]:
        return int(self.index.memory_usage), int(self.index.serialized_length)


class _Lance:
    """LanceDB, IVF_PQ with exact comparison of ten times as many; filters before searching."""

    name = "LanceDB IVF_PQ"
    efforts = (8, 32, 128)

    def build(self, rows: FloatImage) -> None:
        import lancedb
        import pyarrow as pa

        self.folder = Path(tempfile.mkdtemp())
        flat = pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])
        draw = np.random.default_rng(7).random(len(rows), np.float32)
        told = {"number": np.arange(len(rows)), "draw": draw, "vector": flat}
        base = lancedb.connect(str(self.folder))
        self.table: Any = base.create_table("rows", pa.table(told))
        lists = min(256, lists_for(len(rows)))
        self.table.create_index(
            metric="dot", vector_column_name="vector", num_partitions=lists, num_sub_vectors=64
        )

    def find(self, query: FloatImage, first: int, effort: int, allowed: Mask | None) -> np.ndarray:
        search = self.table.search(query).distance_type("dot").limit(first).nprobes(effort)
        search = search.refine_factor(10).select(["number", "_distance"])
        if allowed is not None:
            search = search.where(f"draw < {allowed.mean():.6f}", prefilter=True)
        return np.asarray(search.to_arrow().column("number").to_numpy(), np.int64)

    def bytes_(self) -> tuple[int, int]:
        size = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return 0, size

    def __del__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


PEERS: dict[str, type[Any]] = {
    "flat": _Flat,
    "ivf": _Ivf,
    "hnsw": _Hnsw,
    "hnswlib": _Hnswlib,
    "usearch": _Usearch,
    "lancedb": _Lance,
}
