"""How an archive is to be searched: exactly, or approximately, and what that will cost.

Chosen from its size, the memory that may be used and the recall that is wanted, before anything is
built. The estimates come from what one core of a server took (docs/scale.md); another machine may
be twice as fast or half. `--vectors` overrides the choice.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from indexer.lists import lists_for, sample_for

Kind = Literal["auto", "exact", "approximate"]
FLOAT32, FLOAT16, APPROXIMATE = "exact, 32 bits", "exact, 16 bits", "approximate"
ALL, TEXT = "all", "text"

FAST_S = 0.05
"""Comparing with everything takes at most so long, on one thread, where it is chosen."""

_NS_32, _NS_16 = 0.24, 0.165  # to compare a number with everything, see docs/scale.md
_SMALL_BLOCK = 48
_BESIDE_CODES = 16  # bytes: a row's number and two factors
_OF_A_ROW = 9  # bytes: its checksum, and whether it was compared
_FLOPS = 2.5e10
_ENCODE_NS = 0.18  # a number times a number, for each row that is turned and put into a list
_GRAPH_BYTES = 340


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `memory`: bytes that the search may hold. `recall`: of 10."""

    vectors: Kind = "auto"
    memory: int = 4 << 30
    recall: float = 0.99

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """What was chosen. `weights`: the default ones. `parts`: of an approximate index, each with the
    weights of its blocks.

    `memory`: bytes that a search holds. `disk`: bytes. `build_cpu_s`, `query_ms`: of one thread.
    """

    kind: str
    count: int
    dim: int
    weights: Mapping[str, float]
    parts: Mapping[str, Mapping[str, float]]
    memory: int
    disk: int
    build_cpu_s: float
    query_ms: float
    fits: bool

    def to_text(self) -> str:
        """A line for a person."""
        limit = "" if self.fits else "; more than --memory allows, so it will read from the disk"
        return (
            f"search: {self.kind}, for {self.count} vectors of {self.dim}; estimated: "
            f"{self.memory / 1e6:.1f} MB of memory, {self.disk / 1e6:.1f} MB on disk, "
            f"{self.build_cpu_s:.1f} CPU-s to build, {self.query_ms:.2g} ms a search{limit}"
        )


def plan(
    count: int, dims: Mapping[str, int], weights: Mapping[str, float], wish: Wish
) -> SearchPlan:
    """Chooses. `dims`: of the searched blocks. `weights`: the default ones of the index."""
    dim = sum(dims.values())
    numbers = count * dim
    fast = (FLOAT32, _NS_32, 4), (FLOAT16, _NS_16, 2)
    if wish.vectors != "approximate" and count:
        for kind, ns, size in fast:
            quick = wish.vectors == "exact" or numbers * ns * 1e-9 <= FAST_S
            if quick and numbers * size <= wish.memory:
                return _exact((kind, count, dim), weights, True)
    if wish.vectors == "exact" or not count:
        return _exact((FLOAT16 if count else FLOAT32, count, dim), weights, not count)
    return _approximate(count, dims, weights, wish)


def _exact(form: tuple[str, int, int], weights: Mapping[str, float], fits: bool) -> SearchPlan:
    kind, count, dim = form
    size, ns = (4, _NS_32) if kind == FLOAT32 else (2, _NS_16)
    held = size * count * dim + (0 if kind == FLOAT32 else _OF_A_ROW * count)
    cost, query = count * dim * 2e-9, count * dim * ns * 1e-6
    return SearchPlan(kind, count, dim, weights, {}, held, held, cost, query, fits)


def _approximate(
    count: int, dims: Mapping[str, int], weights: Mapping[str, float], wish: Wish
) -> SearchPlan:
    """Every block of a picture together first, then words, then each block for itself."""
    picture = {name: weights.get(name, 0.0) for name in dims if name != TEXT}
    if not any(picture.values()):
        picture = dict.fromkeys(picture, 1.0)
    total = sum(picture.values())
    picture = {name: weight / total for name, weight in picture.items() if weight > 0}
    parts: dict[str, Mapping[str, float]] = {ALL: picture}
    dim = sum(dims.values())
    held = _OF_A_ROW * count + _part_bytes(count, sum(dims[name] for name in picture))
    fits = held <= wish.memory
    rest = [TEXT, *sorted(picture, key=lambda name: -picture[name])]
    for name in (name for name in rest if name in dims and len(dims) > 1):
        more = _part_bytes(count, dims[name])
        if held + more <= wish.memory:
            parts[name] = {name: 1.0}
            held += more
    cost = sum(_part_cpu_s(count, sum(dims[name] for name in part)) for part in parts.values())
    disk = held + 2 * count * dim
    return SearchPlan(
        APPROXIMATE, count, dim, weights, parts, held, disk, cost, 1 + dim / 1000, fits
    )


def _part_bytes(count: int, dim: int) -> int:
    lists = lists_for(count)
    if dim < _SMALL_BLOCK:
        return count * (2 * dim + 8) + lists * (4 * dim + _GRAPH_BYTES)
    return count * (dim // 8 + _BESIDE_CODES) + lists * (4 * dim + _GRAPH_BYTES) + 4 * dim * dim


def _part_cpu_s(count: int, dim: int) -> float:
    lists = lists_for(count)
    training = 2.0 * 6 * sample_for(count) * lists * dim / _FLOPS
    return training + float(count * dim * (dim + lists**0.5)) * _ENCODE_NS * 1e-9
