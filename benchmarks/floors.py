"""What plainer means reach on the same films: the floor that a diagnosis has to leave behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.asked import site_of
from benchmarks.films import Film
from indexer.store import Store, block_of
from models.arrays import FloatImage
from models.heads.combined import CombinedHead
from models.measures.predictions import Numbers, Predictions
from retrieval.index import OpenIndex

_RAW_PX = 32
_DIRECTIONS = 256
_FOLDS = 5
_PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)


@dataclass(frozen=True, slots=True)
class Side:
    """Films in numbers: blocks by name (n, dim), labels, patients and sources."""

    blocks: Mapping[str, FloatImage]
    labels: tuple[str, ...]
    patients: tuple[str, ...]
    sites: tuple[str, ...]


def side_of(index: OpenIndex) -> Side:
    """The films of an index, one picture each."""
    kept: Store = index.store
    names = ("colour", "edge", "embedding")
    parts = [kept.instances(part, names) for part in kept.parts()]
    blocks = {name: np.vstack([block_of(part, name) for part in parts]) for name in names}
    rows = index.facts.to_pylist()
    labels, patients = (tuple(row[name] for row in rows) for name in ("label", "patient_id"))
    return Side(blocks, labels, patients, tuple(site_of(r["path"], r.get("site")) for r in rows))


def constant(archive: Side, queries: Side) -> Predictions:
    """The labels' shares of the archive, whatever the film."""
    classes, counts = np.unique(np.asarray(archive.labels), return_counts=True)
    told = np.tile(counts / counts.sum(), (len(queries.labels), 1))
    return _said(classes.tolist(), told, queries)


def vote(
    head: CombinedHead, weights: Mapping[str, float], archive: Side, queries: Side
) -> Predictions:
    """The nearest cases' weighted vote alone, as the index scores them."""
    total = sum(weights[name] for name in archive.blocks)
    scores = sum(
        (
            np.float32(weights[name] / total) * (queries.blocks[name] @ block.T)
            for name, block in archive.blocks.items()
        ),
        np.zeros((len(queries.labels), len(archive.labels)), np.float32),
    )
    told = []
    for row in scores:
        near = np.argsort(-row)[: head.k]
        found = head.vote.probabilities(row[near], [archive.labels[at] for at in near])
        told.append([found[name] for name in head.classes])
    return _said(head.classes, np.array(told), queries)


def lda(archive: Side, queries: Side) -> Predictions:
    """The embedding, whitened along 256 main directions, and a shrunk linear discriminant."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    vectors = archive.blocks["embedding"]
    kept = min(_DIRECTIONS, len(vectors) - 1, vectors.shape[1])
    turn = PCA(kept, whiten=True, random_state=0).fit(vectors)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    model.fit(turn.transform(vectors), archive.labels)
    told = model.predict_proba(turn.transform(queries.blocks["embedding"]))
    return _said(model.classes_.tolist(), told, queries)


def raw_pixels(archive: Sequence[Film], queries: Sequence[Film]) -> Predictions:
    """32 x 32 grey pixels and a logistic regression; its penalty by patients of the archive."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    labels = [film.row["label"] for film in archive]
    patients = [film.row["patient_id"] for film in archive]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    folds = list(GroupKFold(_FOLDS).split(labels, labels, patients))
    grid = {"logisticregression__C": _PENALTIES}
    search = GridSearchCV(model, grid, cv=folds, scoring="neg_log_loss")
    search.fit(_pixels([film.path for film in archive]), labels)
    told = search.predict_proba(_pixels([film.path for film in queries]))
    asked = ([film.row["label"] for film in queries], [film.row["patient_id"] for film in queries])
    return Predictions.of(search.classes_.tolist(), np.asarray(told, np.float64), *asked)


def _pixels(paths: Sequence[Path]) -> FloatImage:
    rows = []
    for path in paths:
        film = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        if film is None:
            raise ValueError(f"{path} cannot be read")
        rows.append(cv2.resize(film, (_RAW_PX, _RAW_PX), interpolation=cv2.INTER_AREA).ravel())
    return np.array(rows, np.float32) / np.float32(255)


def _said(classes: Sequence[str], told: Numbers, queries: Side) -> Predictions:
    known = np.maximum(np.asarray(told, np.float64), 0)
    scaled = known / known.sum(axis=1, keepdims=True)
    return Predictions.of(classes, scaled, queries.labels, queries.patients)
