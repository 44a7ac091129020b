"""What normal films measure: python -m benchmarks.lung_norms --data FOLDER [--json FILE].

FOLDER has a `cases.csv` with the columns `label`, `findings`, `site` and `split`. Rows of the split
"query" are left out: the limits of `models.annotators.lung_words` are chosen by what this prints.
It also says how well the heart-to-chest estimate ranks films whose findings name Cardiomegaly.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.figures import machine
from benchmarks.labelled import read_set
from indexer.annotate.run import AnnotateOptions, annotate
from indexer.annotate.table import Annotated
from models.annotators.lung_words import phrases
from models.measures import weighted

PERCENTILES = (2.5, 5, 50, 95, 97.5, 98)
_HEART, _FINDING = "heart_to_chest", "cardiomegaly"

Row = dict[str, str]


def norms(rows: Sequence[Row], measured: Mapping[str, Annotated]) -> dict[str, Any]:
    """Percentiles of each measurement over normal films, and how many films are said anything."""
    normal = [measured[row["path"]] for row in rows if row["label"] == "normal"]
    names = dict.fromkeys(name for one in normal for name in one.measurements)
    told: dict[str, Any] = {"films": len(normal), "percentiles": {}}
    for name in names:
        values = [one.measurements[name] for one in normal if name in one.measurements]
        told["percentiles"][name] = dict(
            zip(map(str, PERCENTILES), np.percentile(values, PERCENTILES).tolist(), strict=True)
        )
    told["said"] = {
        label: {"films": len(films), "opacity": _share(films, "opacity"), "any": _share(films, "")}
        for label in sorted({row["label"] for row in rows})
        if (films := [measured[row["path"]] for row in rows if row["label"] == label])
    }
    return told


def heart(rows: Sequence[Row], measured: Mapping[str, Annotated]) -> Iterator[dict[str, Any]]:
    """Spearman's rank correlation and the AUC, over films with findings, and in each view."""
    from scipy.stats import spearmanr

    noted = [
        row for row in rows if row["findings"] and _HEART in measured[row["path"]].measurements
    ]
    for view in ("", *sorted({row.get("view", "") for row in noted} - {""})):
        films = [row for row in noted if not view or row.get("view") == view]
        ratio = np.array([measured[row["path"]].measurements[_HEART] for row in films])
        large = np.array([_FINDING in row["findings"].casefold() for row in films], bool)
        if 0 < large.sum() < len(large):
            area = weighted.auc(ratio, large, np.ones((1, len(large))))[0]
            rank = float(spearmanr(ratio, large).statistic)
            counts = {"view": view or "all", "films": len(films), "with it": int(large.sum())}
            yield {**counts, "spearman": rank, "auc": float(area)}


def _share(films: Sequence[Annotated], word: str) -> float:
    said = [any(word in phrase for phrase in phrases(one.measurements)) for one in films]
    return float(np.mean(said))


def _table(told: Mapping[str, Any]) -> str:
    lines = [f"{told['norms']['films']} normal films"]
    lines.append(f"{'':20}" + "".join(f"{percent:>9}" for percent in PERCENTILES))
    for name, values in told["norms"]["percentiles"].items():
        lines.append(f"{name:20}" + "".join(f"{value:9.3f}" for value in values.values()))
    for label, said in told["norms"]["said"].items():
        lines.append(f"{label}: {said['films']} films, {said['opacity']:.1%} said to have opacity")
    for one in told["heart"]:
        lines.append(
            f"{_HEART} and {_FINDING}, {one['view']}: {one['films']} films, {one['with it']} with "
            f"it, rank correlation {one['spearman']:.3f}, AUC {one['auc']:.3f}"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lung_norms")
    parser.add_argument("--data", type=Path, required=True, help="a folder with a cases.csv")
    parser.add_argument("--segmenter", default="chest-lungs", help="a model, or a spec's path")
    parser.add_argument("--json", type=Path, help="write the figures there as well")
    given = parser.parse_args(arguments)
    found = annotate(given.data, AnnotateOptions((given.segmenter,)), lambda *_: None)
    measured = {row.path: row for row in found.rows}
    rows = [row for row in read_set(given.data).rows if row.get("split") != "query"]
    rows = [row for row in rows if row["path"] in measured]
    told = {"norms": norms(rows, measured), "heart": list(heart(rows, measured))}
    show(_table(told))
    if given.json:
        report = {"machine": machine(), "annotated_by": found.annotated_by, **told}
        given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
