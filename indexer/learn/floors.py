"""What a classifier must beat: the same films by plainer means, fitted on the same patients."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage
from models.encoders import DEFAULT, Encoder
from models.training.films import Films
from models.training.splits import Split

_RAW_PX = 32
_PARTS = 256
_SHRINKAGE = 0.5


def floors(films: Films, split: Split) -> dict[str, FloatImage]:
    """The test films' class probabilities, float32 (m, classes), by name of the floor.

    `constant class`: the classes' shares among the training films. `raw pixels` (32 x 32) and
    `frozen encoder` (the default one): whitened by principal components, then linear discriminant
    analysis with a covariance shrunk half-way.
    """
    shares = np.bincount(films.labels[split.train], minlength=len(films.classes))
    constant = np.tile(shares / shares.sum(), (len(split.test), 1)).astype(np.float32)
    learned = np.concatenate([split.train, split.validation])
    found = {"constant class": constant}
    for name, describe in (("raw pixels", raw_pixels), ("frozen encoder", frozen_encoder)):
        seen, asked = describe(films.pictures, learned), describe(films.pictures, split.test)
        found[name] = _linear(seen, films.labels[learned], asked, len(films.classes))
    return found


def raw_pixels(pictures: ByteImage, rows: np.ndarray) -> FloatImage:
    """The films of these rows by 32 x 32 grey pixels less their mean: float32 (n, 1024), unit."""
    small = [
        cv2.resize(_grey(pictures[row]), (_RAW_PX, _RAW_PX), interpolation=cv2.INTER_AREA)
        for row in rows
    ]
    found = np.stack(small).reshape(len(rows), -1).astype(np.float32)
    found -= found.mean(axis=1, keepdims=True)
    unit: FloatImage = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    return unit


def _grey(picture: ByteImage) -> ByteImage:
    return np.asarray(picture.mean(axis=-1), np.uint8)


def frozen_encoder(pictures: ByteImage, rows: np.ndarray) -> FloatImage:
    """The films of these rows by the default encoder: float32 (n, dim), unit."""
    from models.runtime.registry import load

    return encoded(load(DEFAULT), pictures, rows)


def encoded(
    encoder: Encoder, pictures: ByteImage, rows: np.ndarray, files: Sequence[str] = ()
) -> FloatImage:
    """The same by any encoder; `files`: SHA-256 of each row's film, which a committee asks for."""
    size = encoder.spec.size
    found = []
    for place, row in enumerate(rows):
        fitted = cv2.resize(np.asarray(pictures[row]), (size, size), interpolation=cv2.INTER_AREA)
        rgb = np.broadcast_to(fitted.reshape(size, size, -1), (size, size, 3)).astype(np.uint8)
        found.append(encoder.encode(rgb[None], files[place : place + 1])[0])
    return np.stack(found)


def _linear(seen: FloatImage, labels: np.ndarray, asked: FloatImage, classes: int) -> FloatImage:
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.pipeline import make_pipeline

    parts = min(_PARTS, len(seen) - 1, seen.shape[1])
    model: Any = make_pipeline(
        PCA(parts, whiten=True, random_state=0),
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage=_SHRINKAGE),
    )
    model.fit(seen, labels)
    found = np.zeros((len(asked), classes), np.float32)
    found[:, model.classes_] = model.predict_proba(asked)
    return found
