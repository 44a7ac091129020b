"""Real cases of several films: the films of one patient with one label, as one case.

No set here has several views of one study. What comes nearest are follow-up films of NIH's patients
(`chest_xray`): not taken at once, and mostly of one view. Archive rows alone, each patient left
out; what labels taught is fitted without him, as `cbir evaluate` does it.
"""

import csv
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.volumes_tasks import mean
from models.measures.intervals import Interval
from models.measures.paired import Difference, difference
from retrieval import aggregation
from retrieval.evaluation.fitted import cross_fitted
from retrieval.evaluation.measured import Archive, measured
from retrieval.evaluation.questions import groups_of, questions_of
from retrieval.evaluation.systems import Weighted
from retrieval.index import OpenIndex

SITE = "NIH"


@dataclass(frozen=True, slots=True)
class Views:
    """One aggregation. `several`: of the cases with several films. `apart`: from the default's."""

    name: str
    average_precision: Interval
    several: Interval
    apart: Difference
    cases: int
    cases_of_several: int


def write_archive(data: Path, folder: Path) -> Path:
    """The archive films of `SITE` below `data`, a study for each patient and label."""
    with (data / "cases.csv").open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["site"] == SITE]
    rows = [row for row in rows if row["split"] == "archive"]
    if not rows:
        raise ValueError(f"{data} has no archive films of {SITE}")
    folder.mkdir(parents=True)
    kept = ("path", "label", "patient_id", "study_id", "modality", "body_part")
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, kept, extrasaction="ignore")
        writer.writeheader()
        for row in rows:
            target = folder / row["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(data / row["path"], target)
            writer.writerow({**row, "study_id": f"all films, {row['label']}"})
    return folder


def views(index: OpenIndex, names: list[str]) -> list[Views]:
    """mAP by label of every case, and of those with several films, for each aggregation."""
    asked = questions_of(index, index, len(index.case_ids)).asked
    facts = [groups_of(row) for row in index.cases.to_pylist()]
    known = Archive(index.ranker.case_of_row, index.labels, facts)
    folds, fold_of = cross_fitted(index)
    found = {}
    for name in names:
        how = aggregation.load(name)
        system = Weighted(index.ranker, index.searched, folds, fold_of, how)
        found[name] = measured(system, asked, known, ["mAP"]).values[:, 0]
    patients = [one.patient_id for one in asked]
    several = np.array([len(one.blocks["embedding"]) > 1 for one in asked], bool)
    groups = [name for name, chosen in zip(patients, several, strict=True) if chosen]
    return [
        Views(
            name,
            mean(values.tolist(), patients),
            mean(values[several].tolist(), groups),
            difference(values[several], found[aggregation.DEFAULT][several], groups),
            len(asked),
            int(several.sum()),
        )
        for name, values in found.items()
    ]


def films(index: OpenIndex) -> Counter[int]:
    """How many cases have how many films."""
    return Counter(index.cases.column("instances").to_pylist())
