"""Text queries over films that nobody annotated: what of the true ones is found, through the index.

The index holds the archive's films with their people's texts and the query films without any. Each
way of annotating gives the query films texts; then a finding's word, or a whole true text, is asked
for, among the query films alone.
"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from indexer.annotate.table import Annotated, write_table
from indexer.pipeline import Options, build
from models.errors import UsageError
from models.measures.predictions import Chosen, Numbers
from retrieval.search import Engine, Query

AT = (10, 50)
_HIDDEN = ("label", "findings", "mask")
_ASKED = "split = 'query'"

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A text query. `relevant`: bool (n,), of the query films, those that truly have it."""

    text: str
    relevant: Chosen


class BlindArchive:
    """A copy of the films in which the query rows say nothing, with an index of all of them."""

    def __init__(self, films: Sequence[tuple[Path, Row]], folder: Path) -> None:
        """`films`: each film's file and row. `folder`: where the copy and its index go."""
        self.folder, self._index = folder / "films", folder / "index"
        self.queries = self.folder / "queries.csv"
        rows = []
        for file, row in films:
            (self.folder / row["path"]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, self.folder / row["path"])
            hidden = dict.fromkeys(_HIDDEN, "") if row["split"] == "query" else {"mask": ""}
            rows.append({**row, **hidden})
        self.paths = [row["path"] for row in rows if row["split"] == "query"]
        _write(self.folder / "cases.csv", rows)
        _write(self.queries, [row for row in rows if row["split"] == "query"])

    def scores(self, annotations: Sequence[Annotated], texts: Sequence[str]) -> Numbers:
        """How near each query film is to each text: float64 (texts, films); 0 for an unknown word.

        The index is brought up to date with these annotations first.
        """
        table = self.folder.parent / "annotations.csv"
        write_table(annotations, table)
        build(self.folder, self._index, Options(annotations=table))
        found = np.zeros((len(texts), len(self.paths)))
        place = {path: at for at, path in enumerate(self.paths)}
        with Engine(self._index) as engine:
            for row, text in enumerate(texts):
                try:
                    hits = engine.query(Query(text=text, k=len(self.paths), where=_ASKED)).hits
                except UsageError:  # no film has any of these words
                    continue
                for hit in hits:
                    found[row, place[hit.path]] = hit.score
        return found


def recall_at(scores: Numbers, asked: Sequence[Asked], k: int) -> float:
    """Mean over the queries of the share of the relevant films that is among the first `k`.

    `scores`: (queries, films). Of films with equal scores each is as likely to come first as any
    other: the expectation over all orders is given, so that no order of files can help.
    """
    return float(
        np.mean([_recall(row, one.relevant, k) for row, one in zip(scores, asked, strict=True)])
    )


def at_random(films: int, k: int) -> float:
    """The recall of a random order."""
    return min(1.0, k / films)


def _recall(scores: Numbers, relevant: Chosen, k: int) -> float:
    rounded = np.round(scores, 6)
    left, found = k, 0.0
    for value in np.unique(rounded)[::-1]:
        equal = rounded == value
        share = min(1.0, left / int(equal.sum()))
        found += share * int((equal & relevant).sum())
        left -= int(equal.sum())
        if left <= 0:
            break
    return found / int(relevant.sum())


def _write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
