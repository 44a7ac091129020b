"""How well wrong labels are found that were put into an archive."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure
from indexer import commit
from indexer.check.doubtful import nearest_others
from indexer.check.material import Material
from indexer.fit import read_heads
from models.arrays import FloatImage, Mask
from models.heads.label_doubt import doubts
from models.heads.leave_out import Indices, codes, patients_of

SHARES = (0.02, 0.05, 0.10)
SEEDS = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """Films with labels that are taken as right.

    `source`: (n,), where a film comes from. `names`: the n patients' ids.
    """

    vectors: FloatImage
    labels: Indices
    patients: Indices
    source: Indices
    names: tuple[str, ...]


def labelled(index: Path) -> Labelled:
    """The films of an index."""
    generation = commit.opened(index)
    lie = read_heads(generation.path / "heads").orientation
    material = Material(generation.path, generation.manifest["dims"], lie)
    names = material.films.column("patient_id")
    patients = codes(patients_of(names))
    nlm = [site in ("Shenzhen", "Montgomery") for site in material.films.column("site")]
    return Labelled(
        material.vectors, codes(material.settled), patients, np.array(nlm, np.intp), tuple(names)
    )


def measure(films: Labelled, part: Mask, section: str) -> Iterator[Figure]:
    """`part`: bool (n,), the films that are counted; all are in the archive.

    A wrong label is any other one, or one that occurs in the film's own source: a label of the
    other source is easily noticed.
    """
    near = nearest_others(films.vectors, films.patients)
    for within in (False, True):
        for share in SHARES:
            rows = [_once(films, part, near, share, within, seed) for seed in range(SEEDS)]
            means = np.mean(rows, axis=0)
            kind = "of the same source" if within else "any other"
            name = f"{share:.0%} wrong, {kind}"
            flagged, precision, recall, average, at_n = means.tolist()
            yield Figure(section, f"{name}: flagged", flagged, "films")
            yield Figure(section, f"{name}: precision", precision, "share")
            yield Figure(section, f"{name}: recall", recall, "share")
            yield Figure(section, f"{name}: average precision", average, f"random {share:g}")
            yield Figure(section, f"{name}: precision at n", at_n, f"random {share:g}")


def _once(
    films: Labelled, part: Mask, near: Indices, share: float, within: bool, seed: int
) -> tuple[float, float, float, float, float]:
    random = np.random.default_rng(seed)
    count = len(films.labels)
    wrong = np.zeros(count, bool)
    wrong[random.permutation(count)[: round(share * count)]] = True
    labels = films.labels.copy()
    for row in np.flatnonzero(wrong):
        same = films.source == films.source[row] if within else np.ones(count, bool)
        others = np.setdiff1d(films.labels[same], films.labels[row])
        labels[row] = random.choice(others)
    told = doubts(films.vectors, labels, films.patients, near)
    flagged, wrong, doubt = told.doubted[part], wrong[part], told.doubt[part]
    order = np.argsort(-doubt, kind="stable")
    hits = wrong[order]
    average = float((np.cumsum(hits) / np.arange(1, len(hits) + 1) * hits).sum() / hits.sum())
    right = float((flagged & wrong).sum())
    return (
        float(flagged.sum()),
        right / max(1.0, float(flagged.sum())),
        right / float(wrong.sum()),
        average,
        float(hits[: int(wrong.sum())].mean()),
    )
