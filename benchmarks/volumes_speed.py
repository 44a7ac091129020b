"""A series against 1,000 series: how long the search takes, and whether it is exact.

The 1,000 are vectors alone: made series of `benchmarks.volumes_made`, their slices stretched to
`SLICES`, and each block moved at random. That is as many numbers as real ones would be, in an order
that real ones could have; nothing is said of likeness.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.figures import Figure, Limit
from benchmarks.volumes_tasks import SHOWN
from indexer import vectors
from indexer.searched import searched_vectors
from models.arrays import FloatImage
from retrieval import aggregation
from retrieval.index import OpenIndex
from retrieval.ranking import CaseRanker
from retrieval.weighing import scaled, weighted

SERIES, SLICES = 1000, 64
LIMIT_S = Limit(1.0, at_least=False)
_MOVED = 0.3  # length of what is added to a block of length 1
_ASKED = 5

if TYPE_CHECKING:
    import faiss


@dataclass(frozen=True, slots=True)
class Large:
    """1,000 series in an index. `query`: float32 (slices, dim), weighted; of a further series."""

    index: "faiss.Index"
    ranker: CaseRanker
    query: FloatImage


def large(index: OpenIndex, path: Path, series: int = SERIES, slices: int = SLICES) -> Large:
    """Writes the vectors to `path`, as an index has them, and opens them as it does."""
    random = np.random.default_rng(0)
    real = np.vstack(list(searched_vectors(index.store, index.dims, index.heads.likeness)))
    own = [np.flatnonzero(index.ranker.case_of_row == case) for case in range(len(index.case_ids))]

    def one(number: int) -> FloatImage:
        rows = own[number % len(own)]
        places = np.linspace(0, len(rows) - 1, slices).round().astype(np.int64)
        return _moved(real[rows[places]], index.blocks, random)

    def every() -> Iterator[FloatImage]:
        for number in range(series):
            yield one(number)

    vectors.write(path, every(), real.shape[1])
    opened = vectors.read(path, series * slices, real.shape[1])
    ranker = CaseRanker(opened, np.repeat(np.arange(series, dtype=np.int64), slices))
    asked = one(0)
    blocks = {name: asked[:, inside] for name, inside in index.blocks.items()}
    return Large(opened, ranker, weighted(blocks, scaled(dict(index.weights), blocks)))


def _moved(rows: FloatImage, blocks: dict[str, slice], random: np.random.Generator) -> FloatImage:
    """Each block turned a little, its length kept."""
    moved = rows.copy()
    for inside in blocks.values():
        block = moved[:, inside]
        length = np.linalg.norm(block, axis=1, keepdims=True)
        noise = random.standard_normal(block.shape, np.float32)
        noise *= _MOVED / np.linalg.norm(noise, axis=1, keepdims=True)
        turned = block + noise * length
        turned *= length / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
        moved[:, inside] = turned
    return moved


def searched(told: Large, most: int = SLICES) -> Iterator[Figure]:
    """The search alone, for each aggregation, by all cores there are; the file in the cache."""
    allowed = np.ones(len(told.ranker.case_of_row), bool)
    for slices in sorted({16, 32, most}):
        query = told.query[:: max(1, len(told.query) // slices)]
        for name in aggregation.TABLE if slices == most else (aggregation.DEFAULT,):
            how = aggregation.load(name)
            took = _median_s(partial(told.ranker.nearest, query, SHOWN, allowed, how))
            yield Figure(f"search alone, {len(query)} slices", name, took, "s", LIMIT_S)


def exact(told: Large) -> float:
    """The share of all aggregations' first ten cases that a plain product in float64 gives too."""
    every = np.ones(len(told.ranker.case_of_row), bool)
    total = len(every)
    query = told.query.astype(np.float64)
    parts = [
        query @ told.index.reconstruct_n(row, min(SLICES, total - row)).T.astype(np.float64)
        for row in range(0, total, SLICES)
    ]
    similarity = np.hstack(parts).astype(np.float32)
    cases = told.ranker.case_of_row
    starts = np.append(np.flatnonzero(np.diff(cases, prepend=-1)), total)
    same = []
    for name in aggregation.TABLE:
        how = aggregation.load(name)
        values = how.values(how.kept(similarity, starts))
        tenth = np.sort(values)[-10]
        found = told.ranker.nearest(told.query, 10, every, how)
        same += [bool(values[one.case] >= tenth - 1e-5) for one in found]
    return float(np.mean(same))


def asked(index: Path, scan: Path, threads: int) -> Iterator[Figure]:
    """A whole query by a series in an engine that is running, the encoder with so many threads.

    0: all. What the search in 1,000 series takes comes to it.
    """
    from retrieval.search import Engine, Query

    with Engine(index, threads=threads, expected=scan) as engine:
        engine.query(Query(scan))
        for most in (16, 32, SLICES):
            took = _median_s(partial(engine.query, Query(scan, slices=most)))
            named = "one thread" if threads else "all threads"
            section = f"described, and asked in a small index, {named}"
            yield Figure(section, f"{most} slices", took, "s")


def _median_s(what: Callable[[], object]) -> float:
    took = []
    for _ in range(_ASKED):
        began = time.perf_counter()
        what()
        took.append(time.perf_counter() - began)
    return median(took)
