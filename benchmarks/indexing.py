"""How near `cbir index` comes to what bounds it, and what its parts cost.

    python -m benchmarks.indexing --data FOLDER [--films 1000] [--large 60] [--memory N ...]
                                  [--quick] [--no-peers] [--json FILE]

FOLDER holds films of about 512 px with a `cases.csv`. Their indexing is bounded by the encoder, and
that of large 16-bit JPEG 2000 films by their decoder; each bound is measured in the same run.
Beside them stand other packages' encoding steps with the same encoder, where they are installed.
`--memory`: archives of so many small images, whose indexing is watched. See docs/performance.md.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2

from benchmarks.encoding_step import encoding_steps
from benchmarks.figures import Figure, Limit, machine, table
from benchmarks.films import MANIFEST, Film, films_of, make_archive
from benchmarks.indexing_cost import Rate, bounds, memory
from benchmarks.large_films import SIDE, decoder_alone, write_large
from benchmarks.processes import Cost
from benchmarks.programs import Cbir
from benchmarks.throughput import Others
from indexer.profile import IN_WORKERS

OF_ENCODER = Limit(0.7, at_least=True)
OF_DECODER = Limit(0.8, at_least=True)
DESCRIBING = (*IN_WORKERS, "encode", "collect")
SMALL_PX = 64
PICTURES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class Built:
    """A build: how many scans, what it took, and its stages by name."""

    scans: int
    cost: Cost
    stages: Mapping[str, Mapping[str, float]]

    @property
    def whole(self) -> Rate:
        """Of the whole command, from the start of the process to its end."""
        return Rate.of(self.scans, self.cost)

    @property
    def describing(self) -> Rate:
        """Of describing alone: without starting up, and what comes once at the end."""
        cpu_s = sum(self.stages[name]["cpu_s"] for name in DESCRIBING)
        return Rate(self.scans / cpu_s, self.scans / self.stages["collect"]["wall_s"])


def build(cbir: Cbir, archive: Path, out: Path, config: str = "") -> Built:
    """Indexes an archive with `config` as the settings file."""
    scans, cost = cbir.index(archive, out, profile=True, config=config)
    stages = {stage["name"]: stage for stage in json.loads(cost.stdout)["stages"]}
    return Built(scans, cost, stages)


def small_films(films: Sequence[Film], work: Path, cbir: Cbir, peers: bool = True) -> list[Figure]:
    """Films as they are against the encoder, by stage, and with the lungs segmented."""
    section = "films of 512 px"
    archive = make_archive(films, len(films), work / "films")
    plain = build(cbir, archive, work / "plain")
    lungs = build(cbir, archive, work / "lungs", '[segment]\n"" = "chest_lungs"\n')
    others = bounds(films, plain.whole)
    ceiling = Rate(others[0].value, others[1].value)
    figures = [*_rates(section, "cbir index", plain.whole), *_stages(section, plain)]
    figures += _rates(section, "describing alone", plain.describing)
    figures += _rates(section, "encoder alone", ceiling)
    figures += _shares(section, "cbir index / encoder", plain.whole, ceiling, OF_ENCODER)
    figures += _shares(section, "describing / encoder", plain.describing, ceiling, OF_ENCODER)
    more = lungs.stages["segment"]["cpu_s"] / lungs.scans * 1000
    figures.append(Figure(section, "segmenting the lungs adds", more, "CPU-ms/film"))
    figures += _rates(section, "cbir index, lungs segmented", lungs.whole)
    return figures + (encoding_steps(archive, plain.describing) if peers else [])


def large_films(films: Sequence[Film], work: Path, cbir: Cbir) -> list[Figure]:
    """Large films against the decoder of their pixels."""
    section = f"{SIDE}-px JPEG 2000"
    archive = write_large(films, work / "large")
    built = build(cbir, archive, work / "large-index")
    frames, cpu_s = decoder_alone(archive)
    ceiling = frames / cpu_s
    figures = [*_rates(section, "cbir index", built.whole), *_stages(section, built)]
    figures += _rates(section, "describing alone", built.describing)
    figures.append(Figure(section, "decoder alone, one thread", ceiling, "films/CPU-s"))
    for name, rate in (("cbir index", built.whole), ("describing", built.describing)):
        share = rate.per_cpu_s / ceiling
        figures.append(Figure(section, f"{name} / decoder, CPU", share, "times", OF_DECODER))
    return figures


def small_pictures(films: Sequence[Film], folder: Path) -> list[Film]:
    """The films reduced to `SMALL_PX`, to be repeated as often as one likes."""
    folder.mkdir(parents=True)
    found = []
    for number, film in enumerate(films):
        picture = cv2.imread(str(film.path), cv2.IMREAD_GRAYSCALE)
        if picture is None:
            continue
        path = folder / f"{number}.jpg"
        small = cv2.resize(picture, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(path), small)
        found.append(Film(path, {**film.row, "path": path.name}))
    return found


def _rates(section: str, name: str, rate: Rate) -> list[Figure]:
    return [
        Figure(section, name, rate.per_cpu_s, "films/CPU-s"),
        Figure(section, name, rate.per_s, "films/s"),
    ]


def _shares(section: str, name: str, ours: Rate, other: Rate, limit: Limit) -> list[Figure]:
    return [
        Figure(section, f"{name}, CPU", ours.per_cpu_s / other.per_cpu_s, "times", limit),
        Figure(section, f"{name}, wall", ours.per_s / other.per_s, "times", limit),
    ]


def _stages(section: str, built: Built) -> list[Figure]:
    return [
        Figure(section, f"  {name}", stage["cpu_s"] / built.scans * 1000, "CPU-ms/film")
        for name, stage in built.stages.items()
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line; prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.indexing")
    parser.add_argument("--data", type=Path, required=True, help=f"films with a {MANIFEST}")
    parser.add_argument("--films", type=int, default=1000)
    parser.add_argument("--large", type=int, default=60, help="how many large films")
    parser.add_argument("--memory", type=int, nargs="*", default=[], help="sizes of archives")
    parser.add_argument("--quick", action="store_true", help="a few films: does it run at all")
    parser.add_argument("--no-peers", action="store_true", help="leave the other packages out")
    parser.add_argument("--json", type=Path)
    told = parser.parse_args(arguments)
    films = films_of(told.data)
    pictures = [film for film in films if film.path.suffix in PICTURES]
    count, large = (16, 2) if told.quick else (told.films, told.large)
    with tempfile.TemporaryDirectory(prefix="indexing-") as name:
        work, others = Path(name), Others()
        cbir = Cbir(str(work / "compiled"))
        figures = small_films(films[:count], work, cbir, not told.no_peers) if count else []
        figures += large_films(pictures[:large], work, cbir) if large else []
        if told.memory:
            small = small_pictures(pictures[:1000], work / "small")
            figures += memory(small, sorted(told.memory), work, cbir)
        about: dict[str, Any] = {**machine(), "share_of_others": others.share()}
    print(table(figures))
    print(f"\n{about['cpu']}; others took {about['share_of_others']:.0%} of it meanwhile")
    if find_spec("imagededup") is None:
        print("imagededup is not installed; its step was left out")
    if told.json:
        report = {"machine": about, "figures": [figure.to_json() for figure in figures]}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
