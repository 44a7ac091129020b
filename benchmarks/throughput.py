"""How fast the engine is and how much memory it takes, beside the script most people would write.

    python -m benchmarks.throughput --data FOLDER [--films 1000] [--quick] [--json FILE]

FOLDER holds films and a `cases.csv`: the first rows are indexed, films of the others are asked
about. Everything is measured in the same run, medians of `--repeats`. A figure that misses its
target is printed as such and is no failure. Linux only: times and memory of a process and its
workers come from wait4(2) and /proc. See docs/performance.md.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figure, machine, table
from benchmarks.films import Film, films_of, make_archive
from benchmarks.indexing_cost import bounds, indexing, memory
from benchmarks.processes import machine_cpu_s, own_cpu_s
from benchmarks.programs import Cbir, Peer
from benchmarks.query_cost import cold, running

DICOM_FILM = Path(__file__).resolve().parent.parent / "examples/queries/Montgomery_0006.dcm"


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    `films`: in the archive. `repeats`: of indexing. `queries`: runs of a cold query. `asked`: films
    that the running engine is asked about. `sizes`: of the archives whose memory is watched, as
    shares of `films`.
    """

    films: int
    repeats: int
    queries: int
    asked: int
    sizes: tuple[float, ...]


FULL = Effort(films=1000, repeats=3, queries=7, asked=100, sizes=(0.25, 1, 4))
QUICK = Effort(films=16, repeats=1, queries=1, asked=4, sizes=(0.5, 1))


class Others:
    """What other programs take of the machine while this one measures."""

    def __init__(self) -> None:
        """Measuring begins here."""
        self._began = self._now()

    def share(self) -> float:
        """Of all its cores, 0 to 1. Above some hundredths the figures say little."""
        wall_s, machine_s, own_s = (
            now - then for now, then in zip(self._now(), self._began, strict=True)
        )
        cores = os.cpu_count() or 1
        return max(0.0, (machine_s - own_s) / (wall_s * cores))

    @staticmethod
    def _now() -> tuple[float, float, float]:
        return time.perf_counter(), machine_cpu_s(), own_cpu_s()


def measure(films: Sequence[Film], effort: Effort, work: Path, peer: Peer | None) -> list[Figure]:
    """All figures. `work`: an empty folder; several times the films' bytes are written there."""
    count = min(effort.films, len(films) - 1)
    known, new = films[:count], [film.path for film in films[count:]]
    cbir = Cbir(str(work / "compiled"))
    _say(f"indexing {count} films, {effort.repeats} times")
    archive = make_archive(known, count, work / "archive")
    figures, ours = indexing(archive, work, cbir, peer, effort.repeats)
    _say("the encoder alone, and reading alone")
    figures += bounds(known, ours)
    _say("memory of indexing")
    sizes = [max(1, round(share * count)) for share in effort.sizes]
    figures += memory(known, sizes, work, cbir)
    _say("cold queries")
    plain = next(film for film in new if film.suffix != DICOM_FILM.suffix)
    figures += cold([plain, DICOM_FILM], work, cbir, peer, effort.queries)
    _say("a running engine")
    asked = [new[i % len(new)] for i in range(effort.asked)]
    return figures + running(asked, work / "index-0")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; `arguments` without the program's name."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput")
    parser.add_argument("--data", type=Path, required=True, help="films with their cases.csv")
    parser.add_argument("--films", type=int, help="how many to index (1000)")
    parser.add_argument("--repeats", type=int, help="of indexing (3)")
    parser.add_argument("--quick", action="store_true", help="a few films once: does it run at all")
    parser.add_argument("--no-peer", action="store_true", help="leave the peer script out")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    told = parser.parse_args(arguments)
    base = QUICK if told.quick else FULL
    effort = Effort(
        told.films or base.films, told.repeats or base.repeats, base.queries, base.asked, base.sizes
    )
    peer = None if told.no_peer or not Peer.installed() else Peer()
    if peer is None:
        _say("without the peer script: it needs torch and pillow (the extra `train`)")
    with tempfile.TemporaryDirectory(prefix="throughput-") as work:
        others = Others()
        figures = measure(films_of(told.data), effort, Path(work), peer)
    about = {**machine(), "share_of_others": others.share()}
    print(table(figures))
    taken = f"others took {about['share_of_others']:.0%} of it meanwhile"
    print(f"\n{about['cpu']}, {about['cores']} cores; {taken}")
    if told.json:
        report = {"machine": about, "figures": [figure.to_json() for figure in figures]}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _say(text: str) -> None:
    print(f"throughput: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
