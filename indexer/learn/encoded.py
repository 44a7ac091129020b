"""The unseen films of an archive search in the others: by an encoder and by plainer means."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from indexer.learn.floors import encoded, frozen_encoder, raw_pixels
from indexer.learn.gather import Gathered
from models.arrays import FloatImage, Mask
from models.heads.leave_out import Indices, codes, patients_of
from models.measures.instances import Instances, instances
from models.measures.retrieval import Asked
from models.training.films import UNKNOWN, Films
from models.training.splits import Split

if TYPE_CHECKING:
    from torch import nn

    from models.training.metric import MetricLearning

OWN = "this encoder"
FROZEN = "frozen encoder"
_PARTS = 256
_SHRINKAGE = 0.5


@dataclass(frozen=True, slots=True)
class Scans:
    """m scans. `labels`: numbers (m,), `UNKNOWN` where there is none. `patients`: numbers (m,).
    `named`: the patients' names. `sources`, `keys`: m names.
    """

    labels: Indices
    patients: Indices
    named: tuple[str, ...]
    sources: tuple[str, ...]
    keys: tuple[str, ...]

    def where(self, chosen: Mask) -> "Scans":
        """Those of them, bool (m,)."""
        rows = np.flatnonzero(chosen)
        return Scans(
            self.labels[rows],
            self.patients[rows],
            *(tuple(names[row] for row in rows) for names in (self.named, self.sources, self.keys)),
        )

    def asked(self, vectors: FloatImage) -> Asked:
        """The scans with what a system makes of them, (m, dim)."""
        return Asked(vectors, self.labels, self.patients)


@dataclass(frozen=True, slots=True)
class Found:
    """What several systems make of the test scans and of those that they search in.

    `queries`, `archive`: the scans. `systems`: by name the vectors of both, float32 (m, dim) and
    (k, dim), of a volume's slices the mean. `views`: how well two views of a test film find each
    other, where nothing was learned from labels.
    """

    classes: tuple[str, ...]
    queries: Scans
    archive: Scans
    systems: Mapping[str, tuple[FloatImage, FloatImage]]
    views: Mapping[str, Instances]
    remarks: tuple[str, ...]


def found_by(
    task: "MetricLearning",
    network: "nn.Module",
    films: Films,
    split: Split,
    gathered: Gathered,
    beside: Sequence[str] = (),
) -> Found:
    """The test films by the network, by its floors and by the encoders named in `beside`."""
    searched = np.sort(np.concatenate([split.train, split.validation]))
    rows = (split.test, searched)
    described = {
        OWN: [task.spoken(task.embeddings(network, some), some) for some in rows],
        "raw pixels": [raw_pixels(films.pictures, some) for some in rows],
        FROZEN: [frozen_encoder(films.pictures, some) for some in rows],
    }
    told = films.labels[searched]
    if len(set(told.tolist()) - {UNKNOWN}) > 1:
        described[f"{FROZEN}, discriminant"] = _discriminant(described[FROZEN], told)
    remarks = []
    for name in beside:
        vectors, learned = _by(name, gathered, rows)
        described[name] = vectors
        if learned:
            remarks.append(f"{name} has learned from {learned} of the test films")
    return Found(
        classes=films.classes,
        queries=_scans(films, gathered, split.test),
        archive=_scans(films, gathered, searched),
        systems={
            name: (
                _of_scans(both[0], gathered.scan[split.test]),
                _of_scans(both[1], gathered.scan[searched]),
            )
            for name, both in described.items()
        },
        views=_views(task, network, split.test),
        remarks=tuple(remarks),
    )


def _by(
    name: str, gathered: Gathered, rows: tuple[Indices, Indices]
) -> tuple[list[FloatImage], int]:
    """The films by the encoder of that name, and how many of the test films it learned from."""
    from models.runtime.registry import load, trained_on

    encoder, seen = load(name), trained_on(name)
    files = [[gathered.sha256[gathered.scan[row]][0] for row in some] for some in rows]
    vectors = [
        encoded(encoder, gathered.pictures, some, own)
        for some, own in zip(rows, files, strict=True)
    ]
    return vectors, sum(digest in seen for digest in files[0])


def _views(task: "MetricLearning", network: "nn.Module", rows: Indices) -> dict[str, Instances]:
    from models.training.self_supervised import SelfSupervision

    if not isinstance(task, SelfSupervision):
        return {}
    return {OWN: instances(*task.views(network, rows))}


def _discriminant(both: Sequence[FloatImage], labels: Indices) -> list[FloatImage]:
    """Projected by a linear discriminant that the labels of the second have taught."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    known = labels != UNKNOWN
    seen = both[1][known]
    model: Any = make_pipeline(
        PCA(min(_PARTS, len(seen) - 1, seen.shape[1]), whiten=True, random_state=0),
        LinearDiscriminantAnalysis(solver="eigen", shrinkage=_SHRINKAGE),
    )
    model.fit(seen, labels[known])
    return [np.asarray(model.transform(one), np.float32) for one in both]


def _scans(films: Films, gathered: Gathered, rows: Indices) -> Scans:
    scans, first = np.unique(gathered.scan[rows], return_index=True)
    chosen = rows[first]
    owners = patients_of(films.patients)
    return Scans(
        labels=np.asarray(films.labels[chosen], np.intp),
        patients=codes(owners)[chosen],
        named=tuple(owners[row] for row in chosen),
        sources=tuple(films.sources[row] for row in chosen),
        keys=tuple(gathered.keys[scan] for scan in scans),
    )


def _of_scans(vectors: FloatImage, scan: Indices) -> FloatImage:
    """The mean of each scan's pictures, in the order of the scans."""
    places = np.unique(scan, return_inverse=True)[1]
    sums = np.zeros((int(places.max(initial=-1)) + 1, vectors.shape[1]), np.float64)
    np.add.at(sums, places, vectors)
    return np.asarray(sums / np.bincount(places)[:, None], np.float32)
