"""The places that made a query's picture and a hit's similar, and whether that holds.

Where the embedding is the mean of a feature map, its part of the score is split over the map's
places exactly (`models.saliency.split`). Otherwise (a committee, an encoder that pools nothing)
each place is blurred, and what the score loses is what the place gave: occlusion (Zeiler and Fergus
2014; for retrieval Dong, Collins and Hoogs 2019), which asks nothing of the encoder.

A second map says what sets the pair apart: what the likeness to the hit loses beyond what that to
the mean case of the archive loses, again by occlusion. The first is mostly where the network looks
at all, whatever the hit.

The other blocks have no map: histograms of grey levels and edges are of the whole picture or of a
coarse grid of it, and what labels taught is judged from all of them together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays import ByteImage, FloatImage
from models.encoders import Encoder
from models.saliency.removal import blurred, first_of, mixed, most_first, one_by_one
from models.saliency.split import is_mean, split

SPLIT, OCCLUSION = "split", "occlusion"

TAKEN = 0.25
"""The share of the places that the check takes out."""

DRAWN = 4
"""Random choices of as many places that it is compared with."""

_GRID = (7, 7)
"""Places that are blurred where the encoder has no map of its own."""


@dataclass(frozen=True, slots=True)
class Check:
    """The embedding's part of the score: of the whole picture, with the most marked quarter of its
    places blurred, and with random quarters blurred (their mean).
    """

    whole: float
    without_marked: float
    without_random: float

    @property
    def holds(self) -> bool:
        """Whether the marked places counted more than others."""
        return self.without_marked < self.without_random


@dataclass(frozen=True, slots=True)
class Places:
    """A map over one picture.

    `given`: float32 (rows, columns), what each place gave to the score through the embedding; the
    places of a split sum to `check.whole`. `way`: `SPLIT` or `OCCLUSION`. `apart`: of the same
    shape, what a place gave beyond what it gives to the likeness to the archive's mean case.
    `picture`: what the encoder saw, uint8 (size, size, 3).
    """

    given: FloatImage
    apart: FloatImage
    way: str
    check: Check
    picture: ByteImage


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture as the encoder sees it, with its embedding (dim,) and its map, if that splits.

    `random`: embeddings (DRAWN, dim) of the picture with random quarters blurred. `occluded`: of
    the picture without each place, (places, dim). `shape`: of the map.
    """

    picture: ByteImage
    embedding: FloatImage
    cells: FloatImage | None
    random: FloatImage
    occluded: FloatImage
    shape: tuple[int, int]


def look(encoder: Encoder, pictures: Sequence[ByteImage]) -> list[Looked]:
    """Each picture, uint8 (size, size, 3), with all that its maps to any other picture need."""
    if not pictures:
        return []
    embeddings, maps = encoder.encode_maps(np.stack(pictures))
    splits = np.zeros(len(pictures), bool) if maps is None else is_mean(maps, embeddings)
    return [
        _looked(encoder, picture, embedding, maps[at] if maps is not None and splits[at] else None)
        for at, (picture, embedding) in enumerate(zip(pictures, embeddings, strict=True))
    ]


def _looked(
    encoder: Encoder, picture: ByteImage, embedding: FloatImage, cells: FloatImage | None
) -> Looked:
    shape = _GRID if cells is None else (cells.shape[0], cells.shape[1])
    places = shape[0] * shape[1]
    without = blurred(picture, shape[0])
    draws = [np.random.default_rng(seed).permutation(places) for seed in range(DRAWN)]
    taken = [first_of(draw, _quarter(shape), shape) for draw in draws]
    random = encoder.encode(np.stack([mixed(picture, without, one) for one in taken]))
    occluded = encoder.encode(one_by_one(picture, *shape))
    return Looked(picture, embedding, cells, random, occluded, shape)


def places_of(
    encoder: Encoder, looked: Looked, other: FloatImage, mean: FloatImage, weight: float
) -> Places | None:
    """The map over one picture that says what made it similar to another.

    `other`: the other's embedding, float32 (dim,). `mean`: of the archive's embeddings, (dim,).
    `weight`: of the embedding in this query. None where there is nothing to split: a picture or
    another without an embedding, or no weight.
    """
    whole = weight * float(looked.embedding @ other)
    if weight == 0 or not np.isfinite(whole) or not looked.embedding.any() or not other.any():
        return None
    lost = weight * (looked.embedding - looked.occluded)
    if looked.cells is not None:
        given, way = weight * split(looked.cells, other), SPLIT
    else:
        given, way = (lost @ other).reshape(looked.shape), OCCLUSION
    apart = (lost @ (other - mean)).reshape(looked.shape)
    marked = first_of(most_first(given), _quarter(looked.shape), looked.shape)
    left = mixed(looked.picture, blurred(looked.picture, looked.shape[0]), marked)
    check = Check(
        whole=whole,
        without_marked=weight * float(encoder.encode(left[None])[0] @ other),
        without_random=weight * float((looked.random @ other).mean()),
    )
    return Places(
        given=np.asarray(given, np.float32),
        apart=np.asarray(apart, np.float32),
        way=way,
        check=check,
        picture=looked.picture,
    )


def _quarter(shape: tuple[int, int]) -> int:
    return max(1, round(TAKEN * shape[0] * shape[1]))
