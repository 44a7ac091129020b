"""Whether looking at a region alone finds better: python -m benchmarks.regions --data chest_xray.

The films of `--data` are indexed as a user indexes them, whole and by the box of each segmenter's
region. Each film of the archive side asks all others of other patients; on these the default is
chosen. The films of split `query` ask too: theirs is the figure to report. Differences to whole
films are paired, with 95 % intervals by bootstrap over patients.
"""

import argparse
import itertools
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.asked import check_apart, indexed
from benchmarks.figures import machine
from benchmarks.films import Film, films_of
from benchmarks.floors import Side, side_of
from models.encoders import DEFAULT
from models.heads.leave_out import codes
from models.measures.intervals import Interval, around, draws
from models.measures.retrieval import Asked, each
from retrieval.index import OpenIndex

WHOLE = "none"
MEASURES = ("P@1", "P@5", "mAP")
Values = NDArray[np.float64]


def side(films: Sequence[Film], folder: Path, encoder: str, segmenter: str) -> Side:
    """The films in numbers, described by that segmenter's box."""
    opened = OpenIndex(indexed(films, folder, f"{encoder}@{segmenter}"))
    try:
        return side_of(opened)
    finally:
        opened.close()


def within(films: Side, site: str) -> Side:
    """The films of one source."""
    rows = [row for row, there in enumerate(films.sites) if there == site]
    blocks = {name: block[rows] for name, block in films.blocks.items()}
    told = [tuple(names[row] for row in rows) for names in (films.labels, films.patients)]
    return Side(blocks, told[0], told[1], (site,) * len(rows))


def in_own_source(queries: Side, archive: Side, block: str) -> Values:
    """As `asked`, among films of the query's own source alone; the queries in their order."""
    found = np.empty((len(queries.labels), len(MEASURES)))
    for site in set(queries.sites):
        rows = [row for row, there in enumerate(queries.sites) if there == site]
        found[rows] = asked(within(queries, site), within(archive, site), block)
    return found


def asked(queries: Side, archive: Side, block: str) -> Values:
    """P@1, P@5 and average precision of each query, (n, 3), by one block or by all alike."""
    names = tuple(archive.blocks) if block == "all" else (block,)
    both = [np.hstack([part.blocks[name] for name in names]) for part in (queries, archive)]
    labels = codes((*queries.labels, *archive.labels))
    patients = codes((*queries.patients, *archive.patients))
    cut = len(queries.labels)
    return each(
        Asked(both[0], labels[:cut], patients[:cut]), Asked(both[1], labels[cut:], patients[cut:])
    )


WAYS: dict[str, Callable[[Side, Side, str], Values]] = {
    "all": asked,
    "own source": in_own_source,
}


def gained(values: Values, floor: Values, patients: Sequence[str]) -> Interval:
    """The mean of `values` less that of `floor`, film by film."""
    difference = values - floor
    resampled = np.concatenate(
        [(often * difference).sum(axis=1) / often.sum(axis=1) for often in draws(patients)]
    )
    return around(float(difference.mean()), resampled, patients)


def rows_of(told: dict[str, dict[str, Side]]) -> list[dict[str, Any]]:
    """A row for each side, segmenter and block. `told`: segmenter -> side -> films."""
    rows: list[dict[str, Any]] = []
    blocks = (*told[WHOLE]["archive"].blocks, "all")
    for name, way, block in itertools.product(("archive", "query"), WAYS, blocks):
        floor = WAYS[way](told[WHOLE][name], told[WHOLE]["archive"], block)
        for segmenter, sides in told.items():
            found = WAYS[way](sides[name], sides["archive"], block)
            row: dict[str, Any] = {"side": name, "among": way, "block": block}
            row["segmenter"] = segmenter
            for place, measure in enumerate(MEASURES):
                row[measure] = float(np.nanmean(found[:, place]))
                if segmenter != WHOLE:
                    more = gained(found[:, place], floor[:, place], sides[name].patients)
                    row[f"{measure} gained"] = more.to_json()
            rows.append(row)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown."""
    gains = [f"{name} gained" for name in MEASURES[1:]]
    names = ("asking", "among", "block", "region", *MEASURES, *gains)
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in rows:
        told = [str(row[name]) for name in ("side", "among", "block", "segmenter")]
        told += [f"{row[measure]:.3f}" for measure in MEASURES]
        told += [_gain(row.get(name)) for name in gains]
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines)


def _gain(more: dict[str, float] | None) -> str:
    return "" if more is None else "{value:+.3f} ({low:+.3f} to {high:+.3f})".format(**more)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.regions")
    parser.add_argument("--data", type=Path, required=True, help="films with a cases.csv and split")
    parser.add_argument("--segmenter", action="append", help="default: chest_lungs; repeatable")
    parser.add_argument("--encoder", default=DEFAULT, help="a name, or a spec")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    told = parser.parse_args(arguments)
    films = [film for film in films_of(told.data) if film.row["label"]]
    sides = {
        name: [film for film in films if film.row["split"] == name] for name in ("archive", "query")
    }
    check_apart(sides["archive"], sides["query"])
    with tempfile.TemporaryDirectory() as work:
        found = {
            segmenter: {
                name: side(some, Path(work) / segmenter / name, told.encoder, segmenter)
                for name, some in sides.items()
            }
            for segmenter in dict.fromkeys((WHOLE, *(told.segmenter or ["chest_lungs"])))
        }
    rows = rows_of(found)
    show(table(rows))
    if told.json:
        report = {"machine": machine(), "rows": rows}
        told.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
