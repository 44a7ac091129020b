"""Forms of a map over places that could be shown, and two that know nothing of the hit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from models.arrays import FloatImage
from models.encoders import Encoder
from models.saliency.removal import one_by_one
from models.saliency.split import split
from retrieval.why_places import Looked


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture whose places are ranked, and what it is compared with.

    `mean`: the mean embedding of the archive, float32 (dim,).
    """

    one: Looked
    other: Looked
    mean: FloatImage
    encoder: Encoder

    @property
    def cells(self) -> FloatImage:
        """The picture's feature map. Raises `ValueError` for an encoder without."""
        if self.one.cells is None:
            raise ValueError("the encoder's embedding is not the mean of a feature map")
        return self.one.cells


def _split(pair: Pair) -> FloatImage:
    return split(pair.cells, pair.other.embedding)


def _beyond_mean(pair: Pair) -> FloatImage:
    """What makes the two more alike than the picture is to any other."""
    return split(pair.cells, pair.other.embedding - pair.mean)


def _left_out(pair: Pair) -> FloatImage:
    """What the cosine loses if a place is left out of the mean."""
    flat = pair.cells.reshape(-1, pair.cells.shape[-1])
    rest = flat.sum(axis=0) - flat
    cosines = rest @ pair.other.embedding / np.maximum(np.linalg.norm(rest, axis=1), 1e-9)
    return np.asarray(-cosines, np.float32).reshape(pair.cells.shape[:2])


def _best_pairs(pair: Pair) -> FloatImage:
    """The cosine of each place with that place of the other picture that is most like it."""
    if pair.other.cells is None:
        raise ValueError("the encoder's embedding is not the mean of a feature map")
    cosines = _unit(pair.cells) @ _unit(pair.other.cells).T
    return np.asarray(cosines.max(axis=1), np.float32).reshape(pair.cells.shape[:2])


def _unit(cells: FloatImage) -> FloatImage:
    flat = cells.reshape(-1, cells.shape[-1])
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9))


def _occlusion(pair: Pair) -> FloatImage:
    """What the cosine loses if a place is blurred."""
    found = pair.encoder.encode(one_by_one(pair.one.picture, *pair.one.shape))
    return np.asarray(-(found @ pair.other.embedding), np.float32).reshape(pair.one.shape)


def _occlusion_beyond_mean(pair: Pair) -> FloatImage:
    """What the likeness to the hit loses beyond what that to the mean case does."""
    found = pair.encoder.encode(one_by_one(pair.one.picture, *pair.one.shape))
    lost = -(found @ (pair.other.embedding - pair.mean))
    return np.asarray(lost, np.float32).reshape(pair.one.shape)


def _own(pair: Pair) -> FloatImage:
    """The split of the picture's cosine with itself: where its embedding is from at all."""
    return split(pair.cells, pair.one.embedding)


def _contrast(pair: Pair) -> FloatImage:
    """How much the grey levels of each place vary."""
    rows, columns = pair.one.shape
    height, width = (len(pair.one.picture) // count for count in (rows, columns))
    cut = pair.one.picture[: rows * height, : columns * width].astype(np.float32)
    return np.asarray(cut.reshape(rows, height, columns, width, 3).std(axis=(1, 3)).mean(axis=-1))


FORMS: Mapping[str, Callable[[Pair], FloatImage]] = MappingProxyType(
    {
        "split": _split,
        "split beyond the mean case": _beyond_mean,
        "place left out of the mean": _left_out,
        "most alike pairs of places": _best_pairs,
        "occlusion": _occlusion,
        "occlusion beyond the mean case": _occlusion_beyond_mean,
        "split with itself (knows no hit)": _own,
        "contrast (knows no network)": _contrast,
    }
)
SHOWN, APART = "split", "occlusion beyond the mean case"
"""What an answer shows: of all the likeness, and of what sets the pair apart."""
