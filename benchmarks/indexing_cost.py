"""What indexing costs: films a CPU second beside a peer, a ceiling and a floor; and memory."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.figures import Figure, Limit
from benchmarks.films import Film, make_archive
from benchmarks.processes import Cost
from benchmarks.programs import Cbir, Peer
from indexer.read import read
from models.arrays import ByteImage
from models.encoders import DEFAULT, Encoder
from models.encoders.fit import fit

SECTION = "indexing"
OVER_PEER = Limit(4, at_least=True)
OF_ENCODER = Limit(0.5, at_least=True)
PEAK_MB = Limit(1500, at_least=False)
GROWTH = Limit(1.1, at_least=False)

_PREPARED = 256  # pictures that the encoder alone is given, over and over
_BATCH = 16
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Rate:
    """Films a second of processor time, all processes and threads together, and of wall time."""

    per_cpu_s: float
    per_s: float

    @classmethod
    def of(cls, films: int, cost: Cost) -> "Rate":
        """That of one run."""
        return cls(films / cost.cpu_s, films / cost.wall_s)

    @classmethod
    def median(cls, rates: Sequence["Rate"]) -> "Rate":
        """The median of several runs, of each figure by itself."""
        per_cpu_s = median(rate.per_cpu_s for rate in rates)
        return cls(per_cpu_s, median(rate.per_s for rate in rates))


def indexing(
    archive: Path, work: Path, cbir: Cbir, peer: Peer | None, repeats: int
) -> tuple[list[Figure], Rate]:
    """Both programs on the same archive, in turn, so that what else the machine does hits both.

    The peer runs with torch's own number of threads, as it is written, and with one: several spend
    processor time on waiting for each other, the more the busier the machine is.
    """
    ours, theirs, alone = [], [], []
    for repeat in range(repeats):
        ours.append(Rate.of(*cbir.index(archive, work / f"index-{repeat}")))
        if peer is not None:
            theirs.append(Rate.of(*peer.index(archive, work / "peer")))
            alone.append(Rate.of(*Peer(threads=1).index(archive, work / "peer")))
    rate = Rate.median(ours)
    figures = _both("cbir index, all four descriptors", rate)
    for name, rates in (("peer script", theirs), ("peer script, one thread", alone)):
        if not rates:
            continue
        other = Rate.median(rates)
        figures += _both(f"{name}, one descriptor", other)
        figures += _ratios(f"cbir / {name}", rate, other, OVER_PEER)
    return figures, rate


def bounds(films: Sequence[Film], ours: Rate) -> list[Figure]:
    """The encoder alone, which indexing cannot beat, and reading alone, which it cannot skip."""
    from models.runtime.registry import load

    encoder = load(DEFAULT)
    reading, pictures = _read_all(films, encoder.spec.size)
    ceiling = _encode_all(encoder, pictures, len(films))
    return [
        *_both("encoder alone, pictures prepared", ceiling),
        *_ratios("cbir / encoder alone", ours, ceiling, OF_ENCODER),
        *_both("reading and decoding alone", reading),
    ]


def memory(films: Sequence[Film], counts: Sequence[int], work: Path, cbir: Cbir) -> list[Figure]:
    """The peak of all processes together, for archives of these sizes, growing."""
    section = "memory"
    figures, peaks, costs = [], [], []
    for count in counts:
        archive = make_archive(films, count, work / f"archive-{count}")
        taken, cost = cbir.index(archive, work / f"watched-{count}", watch=True)
        peaks.append(cost.peak_bytes)
        costs.append((taken, cost.cpu_s))
        name = f"peak of all processes, {taken} films"
        figures.append(Figure(section, name, cost.peak_bytes / _MB, "MB (PSS)", PEAK_MB))
        largest = cost.largest_rss_bytes / _MB
        figures.append(Figure(section, f"largest process, {taken} films", largest, "MB (RSS)"))
    growth = f"peak at {counts[-1]} films / at {counts[-2]}"
    figures.append(Figure(section, growth, peaks[-1] / peaks[-2], "times", GROWTH))
    (few, little), (many, much) = costs[0], costs[-1]
    further = (much - little) / (many - few) * 1000
    return [Figure(SECTION, "a further film, start-up left out", further, "CPU-ms"), *figures]


def _both(name: str, rate: Rate) -> list[Figure]:
    return [
        Figure(SECTION, name, rate.per_cpu_s, "films/CPU-s"),
        Figure(SECTION, name, rate.per_s, "films/s"),
    ]


def _ratios(name: str, ours: Rate, other: Rate, limit: Limit) -> list[Figure]:
    """Processor time is what is demanded: wall time depends on what else the machine does."""
    return [
        Figure(SECTION, f"{name}, CPU", ours.per_cpu_s / other.per_cpu_s, "times", limit),
        Figure(SECTION, f"{name}, wall", ours.per_s / other.per_s, "times"),
    ]


def _read_all(films: Sequence[Film], size: int) -> tuple[Rate, ByteImage]:
    """How fast films are read, in one thread; and some of them as the encoder takes them."""
    pictures: list[ByteImage] = []
    wall_s = cpu_s = 0.0
    read([films[0].path])  # imports what it needs
    for film in films:
        wall, cpu = time.perf_counter(), time.process_time()
        pixels = read([film.path]).pixels
        wall_s += time.perf_counter() - wall
        cpu_s += time.process_time() - cpu
        if len(pictures) < _PREPARED:
            pictures.append(fit(pixels / max(1.0, float(pixels.max())), size))
    return Rate(len(films) / cpu_s, len(films) / wall_s), np.stack(pictures)


def _encode_all(encoder: Encoder, pictures: ByteImage, count: int) -> Rate:
    """How fast the loaded encoder is, at `count` pictures or more."""
    encoder.encode(pictures[:_BATCH])
    wall, cpu = time.perf_counter(), time.process_time()
    done = 0
    while done < count:
        start = done % len(pictures)
        done += len(encoder.encode(pictures[start : start + _BATCH]))
    return Rate(done / (time.process_time() - cpu), done / (time.perf_counter() - wall))
