"""What a classifier must beat: the same films by plainer means, fitted on the same patients."""

from typing import Any

import cv2
import numpy as np

from models.arrays import ByteImage, FloatImage
from models.encoders import DEFAULT
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
    for name, describe in (("raw pixels", _raw), ("frozen encoder", _encoded)):
        seen, asked = describe(films.pictures, learned), describe(films.pictures, split.test)
        found[name] = _linear(seen, films.labels[learned], asked, len(films.classes))
    return found


def _raw(pictures: ByteImage, rows: np.ndarray) -> FloatImage:
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


def _encoded(pictures: ByteImage, rows: np.ndarray) -> FloatImage:
    from models.runtime.registry import load

    encoder = load(DEFAULT)
    size = encoder.spec.size
    found = []
    for row in rows:
        fitted = cv2.resize(np.asarray(pictures[row]), (size, size), interpolation=cv2.INTER_AREA)
        rgb = np.broadcast_to(fitted.reshape(size, size, -1), (size, size, 3)).astype(np.uint8)
        found.append(encoder.encode(rgb[None])[0])
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
