"""Whether looking at a region alone finds better: python -m benchmarks.regions --data chest_xray.

The films of `--data` are indexed as a user indexes them, whole and by the box of each segmenter's
region. Each film of the archive side asks all others of other patients; on these the default is
chosen. The films of split `query` ask too: theirs is the figure to report. Differences to whole
films are paired, with 95 % intervals by bootstrap over patients.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

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


def gained(values: Values, floor: Values, patients: Sequence[str]) -> Interval:
    """The mean of `values` less that of `floor`, film by film."""
    difference = values - floor
    resampled = np.concatenate(
        [(often * difference).sum(axis=1) / often.sum(axis=1) for often in draws(patients)]
    )
    return around(float(difference.mean()), resampled, patients)


def rows_of(told: dict[str, dict[str, Side]]) -> list[dict[str, object]]:
    """A row for each side, segmenter and block. `told`: segmenter -> side -> films."""
    rows: list[dict[str, object]] = []
    for name in ("archive", "query"):
        for block in (*told[WHOLE]["archive"].blocks, "all"):
            floor = asked(told[WHOLE][name], told[WHOLE]["archive"], block)
            for segmenter, sides in told.items():
                found = asked(sides[name], sides["archive"], block)
                row: dict[str, object] = {"side": name, "block": block, "segmenter": segmenter}
                for place, measure in enumerate(MEASURES):
                    row[measure] = float(np.nanmean(found[:, place]))
                    if segmenter != WHOLE:
                        more = gained(found[:, place], floor[:, place], sides[name].patients)
                        row[f"{measure} gained"] = more.to_json()
                rows.append(row)
    return rows


def table(rows: Sequence[dict[str, object]]) -> str:
    """Markdown."""
    lines = ["| asking | block | region | P@1 | P@5 | mAP | mAP gained |", "|---|" + "---|" * 6]
    for row in rows:
        more = row.get("mAP gained")
        gain = "{value:+.3f} ({low:+.3f} to {high:+.3f})".format(**more) if more else ""  # type: ignore[arg-type]
        scores = " | ".join(f"{row[measure]:.3f}" for measure in MEASURES)
        lines.append(f"| {row['side']} | {row['block']} | {row['segmenter']} | {scores} | {gain} |")
    return "\n".join(lines)


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
