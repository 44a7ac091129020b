"""How well and how fast vectors are found, against other libraries on the same vectors in one run.

    python -m benchmarks.search --index INDEX --count 100000 --json figures.json

One thread. Each system gets the cheapest of its settings that reaches the recall on one half of
the questions; the other half is measured. Recall is of the 10 nearest, told by comparing with
everything.
What a figure means: docs/scale.md.
"""

import argparse
import importlib.util
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from benchmarks.search_peers import PEERS, Peer, asked, stored
from benchmarks.search_vectors import BLOCKS, DIMS, WEIGHTS, Source, truth, weighted
from indexer import searchable
from indexer.commit import sha256_of
from indexer.search_plan import Wish, plan
from models.arrays import FloatImage, Mask
from retrieval.ranking import CaseRanker

FIRST = 10
SHARES = (0.5, 0.1, 0.01, 0.001)
WEIGHTINGS = {
    "without text": {**WEIGHTS, "text": 0.0},
    "equal": dict.fromkeys(DIMS, 0.25),
    **{f"{name} alone": {name: 1.0} for name in DIMS},
    "edge and text": {"edge": 0.5, "text": 0.5},
}
Find = Callable[[FloatImage, Mask | None], np.ndarray]


def cpu_s() -> float:
    """Processor seconds of this process, all threads."""
    told = resource.getrusage(resource.RUSAGE_SELF)
    return told.ru_utime + told.ru_stime


class Ours:
    """An index as `cbir index` writes it, in a folder of its own, opened as a query opens it."""

    name = "cbir"

    def __init__(self, memory: int, recall: float) -> None:
        """`memory`: bytes that it may hold. `recall`: that it is to reach."""
        self._wish = Wish("approximate", memory, recall)
        self._folder = Path(tempfile.mkdtemp())

    def build(self, rows: FloatImage) -> None:
        """Writes and opens it."""
        form = (plan(len(rows), DIMS, WEIGHTS, self._wish), BLOCKS)
        print(form[0].to_text(), file=sys.stderr, flush=True)
        batches = (rows[at : at + 8192] for at in range(0, len(rows), 8192))
        told = searchable.write(self._folder, batches, form, self._wish)
        self.told = json.loads(json.dumps(told))
        self._cases, self._every = np.arange(len(rows)), np.ones(len(rows), bool)
        self.open()

    def open(self) -> float:
        """Opens it anew, every file compared that has to be; gives the seconds, page cache warm."""
        began = time.perf_counter()
        told, count = self.told, len(self._cases)
        opened = searchable.open_search(self._folder, told, BLOCKS, count, self._hashed)
        opened_s = time.perf_counter() - began
        self._ranker = CaseRanker(opened[0], self._cases, opened[1])
        return opened_s

    def _hashed(self, name: str) -> None:
        sha256_of(self._folder / name)

    def find(self, query: FloatImage, allowed: Mask | None) -> np.ndarray:
        """The cases found: each row is one."""
        let = self._every if allowed is None else allowed
        return np.array([one.case for one in self._ranker.nearest(query[None], FIRST, let)])

    def bytes_(self) -> tuple[int, int]:
        """In memory: the lists, the sums and their marks, and which row is of which case."""
        sizes = {path.name: path.stat().st_size for path in self._folder.iterdir()}
        count = len(self._cases)
        held = sum(size for name, size in sizes.items() if name != "vectors.faiss") + 25 * count
        return held, sum(sizes.values())

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)


def measured(
    find: Find, questions: FloatImage, mask: Mask | None, least: FloatImage, rows: FloatImage
) -> dict[str, float]:
    """Recall and times of one system."""
    took, hits = [], 0
    wanted = FIRST if mask is None else min(FIRST, int(mask.sum()))
    before = cpu_s()
    found = []
    for query in questions:
        began = time.perf_counter()
        found.append(find(query, mask))
        took.append(time.perf_counter() - began)
    spent = cpu_s() - before
    for query, own, low in zip(questions, found, least, strict=True):
        scores = rows[own[own >= 0]] @ query
        hits += min(wanted, int(np.count_nonzero(scores >= low - 1e-4 * abs(low))))
    return {
        "recall": hits / (wanted * len(questions)),
        "cpu_ms": 1e3 * spent / len(questions),
        "per_s": len(questions) / sum(took),
        "p50_ms": 1e3 * float(np.quantile(took, 0.5)),
        "p99_ms": 1e3 * float(np.quantile(took, 0.99)),
    }


def _peer_find(peer: Peer, effort: int, query: FloatImage, mask: Mask | None) -> np.ndarray:
    return peer.find(asked(query), FIRST, effort, mask)


def tuned(
    peer: Peer, questions: FloatImage, least: FloatImage, rows: FloatImage, recall: float
) -> int:
    """The cheapest effort that reaches the recall, or the highest."""
    for effort in peer.efforts:
        found = measured(partial(_peer_find, peer, effort), questions, None, least, rows)
        if found["recall"] >= recall:
            return effort
    return peer.efforts[-1]


def systems(
    names: Sequence[str],
    rows: FloatImage,
    told: argparse.Namespace,
    trial: tuple[FloatImage, FloatImage],
) -> Iterator[tuple[str, Find, dict[str, Any]]]:
    """Each system once it is built, with what building took."""
    for name in names:
        peer: Any = Ours(told.memory, told.recall) if name == "cbir" else PEERS[name]()
        before = cpu_s()
        peer.build(rows if name == "cbir" else stored(rows))
        facts: dict[str, Any] = {"build_cpu_s": cpu_s() - before}
        memory, disk = peer.bytes_()
        facts |= {"ram_bytes": memory / len(rows), "disk_bytes": disk / len(rows)}
        if name == "cbir":
            facts |= {"open_s": peer.open(), "recipes": peer.told["recipes"]}
            yield peer.name, peer.find, facts
            peer.close()
            continue
        effort = tuned(peer, *trial, rows, told.recall)
        facts["effort"] = effort

        yield peer.name, partial(_peer_find, peer, effort), facts
        del peer


def run(told: argparse.Namespace) -> list[dict[str, Any]]:
    """Every figure, also printed as it comes."""
    faiss.omp_set_num_threads(1)
    source = Source.of(told.index)
    rows = np.empty((told.count, sum(DIMS.values())), np.float32)
    at = 0
    for batch in source.made(told.count, 0):
        rows[at : at + len(batch)] = batch
        at += len(batch)
    plain = np.vstack(list(source.made(2 * told.questions, 1)))
    half, every = told.questions, np.ones(told.count, bool)
    queries = weighted(plain, WEIGHTS)
    low = truth(rows, queries, every, FIRST)
    draw = np.random.default_rng(7).random(told.count, np.float32)
    tests: list[tuple[str, FloatImage, Mask | None, FloatImage]] = [
        ("default", queries[half:], None, low[half:])
    ]
    for share in SHARES:
        mask = draw < share
        if mask.sum() >= FIRST:
            tests.append(
                (
                    f"filter {share:.1%}",
                    queries[half:],
                    mask,
                    truth(rows, queries[half:], mask, FIRST),
                )
            )
    for name, weights in WEIGHTINGS.items():
        other = weighted(plain[half:], weights)
        if other.any():
            tests.append((name, other, None, truth(rows, other, every, FIRST)))
    figures = []
    for name, find, facts in systems(told.systems, rows, told, (queries[:half], low[:half])):
        print(json.dumps({"system": name, "count": told.count, **facts}), flush=True)
        for test, asking, mask, least in tests:
            find(asking[0], mask)
            found = measured(find, asking, mask, least, rows)
            figures.append(
                {
                    "system": name,
                    "test": test,
                    "count": told.count,
                    **found,
                    **{key: facts[key] for key in facts if key != "recipes"},
                }
            )
            print(json.dumps({"system": name, "test": test, **found}), flush=True)
    return figures


def missing(names: Sequence[str]) -> list[str]:
    """The packages of some systems that are not installed."""
    return [
        name
        for name in names
        if name in ("hnswlib", "usearch", "lancedb") and not importlib.util.find_spec(name)
    ]


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--index", type=Path, required=True, help="of `cbir index`: its vectors")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--recall", type=float, default=0.99)
    parser.add_argument("--memory", type=int, default=4 << 30, help="of cbir, in bytes")
    parser.add_argument("--systems", nargs="+", default=["cbir", *PEERS], choices=["cbir", *PEERS])
    parser.add_argument("--json", type=Path)
    told = parser.parse_args()
    lacking = missing(told.systems)
    if lacking:
        names = " ".join(lacking)
        print(
            f"not installed: {names}; `pip install {names}`, or leave them out with --systems",
            file=sys.stderr,
        )
        return 2
    figures = run(told)
    if told.json is not None:
        told.json.write_text(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
