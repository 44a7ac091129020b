"""One inverted file of compact codes: an approximate index over some of the blocks.

Rows are told apart into lists by k-means (IVF), and each is kept as one bit a number of what sets
it apart from its list's centre, turned at random (RaBitQ, Gao and Long, SIGMOD 2024); where the
blocks have few numbers, as a 16-bit number each. The blocks are scaled by the square roots of
their weights, so that lists and bits serve what counts; inner products stay what they were, since
a query is scaled by the inverse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.arrays import FloatImage

if TYPE_CHECKING:
    import faiss

Rows = NDArray[np.int64]

_FEW_NUMBERS = 48
_LISTS_PER_ROOT = 4
_MOST_LISTS = 1 << 16
_EACH_LIST = 32  # rows that a centre is fitted on
_ROUNDS = 6
_GRAPH_FROM = 2048
"""From so many lists on a graph finds the nearest centres faster than looking at all."""


@dataclass(frozen=True, slots=True)
class Space:
    """Some of the columns of the searched vectors, and what each is multiplied by.

    `columns`: int64 (n,). `scale`: float32 (n,), above 0.
    """

    name: str
    columns: Rows
    scale: FloatImage

    @classmethod
    def of(cls, name: str, weights: Mapping[str, float], blocks: Mapping[str, slice]) -> "Space":
        """The blocks with a weight. `blocks`: the columns of each."""
        used = [(blocks[one], weight) for one, weight in weights.items() if weight > 0]
        sizes = [inside.stop - inside.start for inside, _ in used]
        return cls(
            name,
            np.concatenate([np.arange(inside.start, inside.stop) for inside, _ in used]),
            np.repeat([np.sqrt(weight) for _, weight in used], sizes).astype(np.float32),
        )

    def stored(self, rows: FloatImage) -> FloatImage:
        """Rows as they are kept: float32 (rows, n)."""
        return np.ascontiguousarray(rows[:, self.columns] * self.scale, np.float32)

    def asked(self, query: FloatImage) -> FloatImage:
        """A weighted query as it is compared with them: float32 (queries, n)."""
        return np.ascontiguousarray(query[:, self.columns] / self.scale, np.float32)


def lists_for(count: int) -> int:
    """How many lists so many rows are put into: a power of two near 4 times their root."""
    fitting = max(1, count // _EACH_LIST)
    wanted = 1 << max(0, round(float(np.log2(max(1.0, _LISTS_PER_ROOT * count**0.5)))))
    return int(min(wanted, _MOST_LISTS, 1 << (fitting.bit_length() - 1)))


def sample_for(count: int) -> int:
    """On how many rows the centres are fitted."""
    return min(count, _EACH_LIST * lists_for(count))


def trained(sample: FloatImage, lists: int) -> "faiss.Index":
    """An empty index whose centres are fitted on `sample`, float32 (rows, n), as kept."""
    import faiss

    dim = sample.shape[1]
    graph = "_HNSW32" if lists >= _GRAPH_FROM else ""
    form = f"IVF{lists}{graph},SQfp16" if dim < _FEW_NUMBERS else f"RR,IVF{lists}{graph},RaBitQ"
    index = faiss.index_factory(dim, form, faiss.METRIC_INNER_PRODUCT)
    inner = faiss.extract_index_ivf(index)
    inner.cp.niter, inner.cp.max_points_per_centroid = _ROUNDS, _EACH_LIST
    inner.cp.min_points_per_centroid = 1
    index.train(sample)
    return index


class Lists:
    """An index of `trained` in its space, ready to be added to and asked."""

    def __init__(self, space: Space, index: "faiss.Index") -> None:
        """`index`: of FAISS, over the numbers of `space`."""
        self.space, self.index = space, index

    @cached_property
    def inner(self) -> Any:
        """The inverted file itself, behind the turning."""
        import faiss

        return faiss.extract_index_ivf(self.index)

    @property
    def count(self) -> int:
        """How many lists there are."""
        return int(self.inner.nlist)

    def add(self, rows: FloatImage, numbers: Rows) -> None:
        """Takes whole vectors, float32 (rows, all columns), under their numbers."""
        self.index.add_with_ids(self.space.stored(rows), numbers)

    def nearest(
        self, query: FloatImage, probes: int, depth: int, selector: "Any | None" = None
    ) -> Rows:
        """The numbers of the likely nearest rows, best first: int64 (queries, depth), -1 for none.

        `query`: weighted, float32 (queries, all columns). `probes`: lists that are looked into.
        """
        import faiss

        inner = faiss.SearchParametersIVF()
        inner.nprobe = min(probes, self.count)
        if selector is not None:
            inner.sel = selector
        if self.count >= _GRAPH_FROM:
            graph: Any = vars(faiss)["SearchParametersHNSW"]()  # the stubs lack it
            graph.efSearch = max(32, 2 * probes)
            inner.quantizer_params = graph
        asked = self.space.asked(query)
        if hasattr(self.index, "chain"):
            asked = self.index.chain.at(0).apply(asked)
        _, found = self.inner.search(asked, depth, params=inner)
        return np.asarray(found, np.int64)

    def nearest_lists(self, query: FloatImage, probes: int) -> Rows:
        """The numbers of the lists that a query looks into: int64 (probes,)."""
        asked = self.space.asked(query)
        if hasattr(self.index, "chain"):
            asked = self.index.chain.at(0).apply(asked)
        return np.asarray(self.inner.quantizer.search(asked, probes)[1][0], np.int64)

    def rows_in(self, lists: Rows) -> Rows:
        """The numbers of the rows in some lists."""
        import faiss

        held, found = self.inner.invlists, [np.zeros(0, np.int64)]
        for at in lists[lists >= 0].tolist():
            ids = held.get_ids(at)
            found.append(faiss.rev_swig_ptr(ids, int(held.list_size(at))).copy())
            held.release_ids(at, ids)
        return np.concatenate(found)

    def kept(self, other: "Lists", new_number: Rows) -> None:
        """Takes over the codes of another index of the same centres.

        `new_number`: int64 (rows of `other`,), their numbers here; -1 leaves one out.
        """
        import faiss

        theirs, ours = other.inner.invlists, self.inner.invlists
        size = int(theirs.code_size)
        for at in range(other.count):
            held = int(theirs.list_size(at))
            if not held:
                continue
            ids, codes = theirs.get_ids(at), theirs.get_codes(at)
            numbers = new_number[faiss.rev_swig_ptr(ids, held)]
            own = faiss.rev_swig_ptr(codes, held * size).reshape(held, size)
            stays = numbers >= 0
            taken, bytes_ = np.ascontiguousarray(numbers[stays]), np.ascontiguousarray(own[stays])
            theirs.release_ids(at, ids)
            theirs.release_codes(at, codes)
            if len(taken):
                ours.add_entries(at, len(taken), faiss.swig_ptr(taken), faiss.swig_ptr(bytes_))
        self.inner.ntotal = int(ours.compute_ntotal())
        self.index.ntotal = self.inner.ntotal

    def empty(self) -> "Lists":
        """The same centres without any row."""
        import faiss

        other = faiss.clone_index(self.index)
        other.reset()
        return Lists(self.space, other)
