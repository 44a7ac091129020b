"""What a query costs: from a cold process, beside a peer; and in an engine that is running."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

from benchmarks.figures import Figure, Limit
from benchmarks.programs import Cbir, Peer

COLD_S = Limit(1.2, at_least=False)
OVER_PEER = Limit(4, at_least=True)
RUNNING_MS = Limit(40, at_least=False)


def cold(
    films: Sequence[Path], work: Path, cbir: Cbir, peer: Peer | None, repeats: int
) -> list[Figure]:
    """The start of the process to its end, for each film of `films`, against the peer's index.

    The files of programs and index are in the page cache: the process is cold, the disk is not.
    """
    figures = []
    for film in films:
        kind = film.suffix.lower().lstrip(".")
        ours = _median_s(cbir, film, work / "index-0", repeats)
        figures.append(Figure("query, cold", f"cbir query, a film as {kind}", ours, "s", COLD_S))
        if peer is not None:
            theirs = _median_s(peer, film, work / "peer", repeats)
            figures.append(Figure("query, cold", f"peer script, the same {kind}", theirs, "s"))
            figures.append(
                Figure("query, cold", f"peer / cbir, {kind}", theirs / ours, "times", OVER_PEER)
            )
    first = replace(cbir, cache="off")
    name = "cbir query, no compiled network kept"
    unkept = _median_s(first, films[0], work / "index-0", repeats)
    return [*figures, Figure("query, cold", name, unkept, "s")]


def running(films: Sequence[Path], index: Path) -> list[Figure]:
    """An engine that has answered once, asked about each film in turn."""
    from retrieval.search import Engine, Query

    with Engine(index, expected=films[0]) as engine:
        engine.query(Query(films[0]))
        took_ms = []
        for film in films:
            began = time.perf_counter()
            engine.query(Query(film))
            took_ms.append(1000 * (time.perf_counter() - began))
    section = "query, running engine"
    slow = quantiles(took_ms, n=20)[-1]
    return [
        Figure(section, f"median of {len(films)} films", median(took_ms), "ms", RUNNING_MS),
        Figure(section, f"95th percentile of {len(films)} films", slow, "ms"),
    ]


def _median_s(program: Cbir | Peer, film: Path, index: Path, repeats: int) -> float:
    return median(program.query(film, index).wall_s for _ in range(repeats))
