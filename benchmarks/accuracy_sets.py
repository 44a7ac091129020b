"""The public sets that retrieval is measured on, their sides, and what is to be reached on each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from benchmarks import medmnist
from benchmarks.asked import check_apart
from benchmarks.films import Film, films_of

NLM = frozenset({"Montgomery", "Shenzhen"})
"""Sources of the National Library of Medicine: tuberculosis or normal."""


HEADROOM = "headroom"
"""Of the way from the best single descriptor's mAP to 1, the share that is gone."""


@dataclass(frozen=True, slots=True)
class Films:
    """Two sides of a set; without queries each case of the archive asks."""

    archive: list[Film]
    queries: list[Film]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure to be reached. `within`: of the queries and cases of one source alone."""

    measure: str
    least: float
    within: str = ""


@dataclass(frozen=True, slots=True)
class PublicSet:
    """`folder`: below the folder of all sets."""

    folder: str
    sides: Callable[[Path, Path], Films]
    wanted: tuple[Wanted, ...]


def films_of_set(name: str, data: Path, work: Path) -> Films:
    """The films of a set; `work`: where files are written for sets that are not files.

    Raises `ValueError` if a patient is on two sides.
    """
    found = SETS[name]
    return found.sides(data / found.folder, work)


def _chest(data: Path, work: Path) -> Films:
    films = [_with_source(film) for film in films_of(data)]
    return _parted(films, "archive", "query")


def _with_source(film: Film) -> Film:
    site = film.row.get("site", "")
    return replace(film, row={**film.row, "site": "NLM" if site in NLM else site})


def _kermany(data: Path, work: Path) -> Films:
    return _parted(films_of(data), "train", "test")


def _parted(films: list[Film], archive: str, queries: str) -> Films:
    sides = [[film for film in films if film.row["split"] == side] for side in (archive, queries)]
    check_apart(*sides)
    return Films(*sides)


def _all(data: Path, work: Path) -> Films:
    return Films(films_of(data), [])


def _medmnist(name: str) -> Callable[[Path, Path], Films]:
    def sides(data: Path, work: Path) -> Films:
        archive = medmnist.written(data, name, work / "archive", ("train",))
        return Films(archive, medmnist.written(data, name, work / "queries", ("test",)))

    return sides


SETS: Mapping[str, PublicSet] = MappingProxyType(
    {
        "chest_xray": PublicSet(
            "chest_xray",
            _chest,
            (
                Wanted("mAP", 0.91),
                Wanted("hit_rate@1", 0.89),
                Wanted("mAP", 0.95, "NLM"),
                Wanted("mAP", 0.88, "NIH"),
            ),
        ),
        "pneumoniamnist": PublicSet(
            "medmnist",
            _medmnist("pneumoniamnist"),
            (Wanted("hit_rate@1", 0.91), Wanted("top_mAP@5", 0.92), Wanted("vote@5", 0.91)),
        ),
        "breastmnist": PublicSet(
            "medmnist", _medmnist("breastmnist"), (Wanted("hit_rate@1", 0.88),)
        ),
        "kermany": PublicSet("kermany", _kermany, (Wanted("hit_rate@1", 0.94),)),
        "multimodality": PublicSet("multimodality", _all, (Wanted(HEADROOM, 0.3),)),
    }
)
"""By name."""
