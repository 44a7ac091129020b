"""Test-time views of the query: its embedding is the mean of those of several views of the film.

Not in the product, see docs/refining.md. Views are made of the picture that the encoder takes, as
the sandboxed worker gives it; the archive's films keep the one view that they have.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import cv2
import numpy as np

from indexer.describe import WORKER, Describer, Task
from indexer.workers import WorkerPool
from models.arrays import ByteImage, FloatImage
from models.encoders import Encoder, EncoderSpec
from models.errors import UnreadableScan
from models.runtime.registry import load
from retrieval.evaluation.questions import Question
from retrieval.index import OpenIndex

_KEPT = 0.9
"""Of each side, in a crop."""

View = Callable[[ByteImage], ByteImage]


def flipped(picture: ByteImage) -> ByteImage:
    """Left and right exchanged: a heart on the wrong side."""
    return np.ascontiguousarray(picture[:, ::-1])


def _crop(down: float, across: float) -> View:
    """A part at `down`, `across` (0: at the start, 1: at the end), in the picture's own size."""

    def cut(picture: ByteImage) -> ByteImage:
        size = len(picture)
        inner = round(_KEPT * size)
        top, left = round(down * (size - inner)), round(across * (size - inner))
        part = picture[top : top + inner, left : left + inner]
        return np.asarray(cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)

    return cut


def _crop_flipped(picture: ByteImage) -> ByteImage:
    return flipped(_crop(0.5, 0.5)(picture))


CORNERS = tuple(_crop(down, across) for down in (0.0, 1.0) for across in (0.0, 1.0))
VIEWS: Mapping[str, Sequence[View]] = MappingProxyType(
    {
        "left-right flip": (flipped,),
        "centre": (_crop(0.5, 0.5),),
        "centre and corners": (_crop(0.5, 0.5), *CORNERS),
        "centre and corners, flipped too": (
            _crop(0.5, 0.5),
            *CORNERS,
            flipped,
            _crop_flipped,
        ),
    }
)
"""By name: the views beside the whole picture."""


@dataclass(frozen=True, slots=True)
class ManyViews:
    """An encoder that gives the mean of the embeddings of the whole picture and of its views."""

    encoder: Encoder
    views: Sequence[View]

    @property
    def spec(self) -> EncoderSpec:
        """That of the encoder."""
        return self.encoder.spec

    @property
    def map_shape(self) -> None:
        """Views have no common places."""
        return None

    def encode(self, batch: ByteImage, files: Sequence[str] = ()) -> FloatImage:
        """As `models.encoders.Encoder`, of length 1."""
        total = self.encoder.encode(batch, files).astype(np.float32)
        for view in self.views:
            total = total + self.encoder.encode(np.stack([view(one) for one in batch]), files)
        lengths = np.linalg.norm(total, axis=1, keepdims=True)
        return np.asarray(total / np.maximum(lengths, 1e-12), np.float32)

    def encode_maps(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """The embeddings alone."""
        return self.encode(batch, files), None

    encode_detail = encode_maps


def viewed(
    questions: Sequence[Question], asking: OpenIndex, views: Sequence[View]
) -> Iterator[Question]:
    """The questions, with embeddings of these views; films of one picture each.

    `asking`: the index of their films, which still lie where it was built from. Raises
    `UnreadableScan`.
    """
    rows = asking.facts.select(["case_id", "path"]).to_pylist()
    path_of = {row["case_id"]: row["path"] for row in rows}
    root = asking.path.parent / "films"
    tasks = [Task(one.case_id, (str(root / path_of[one.case_id]),)) for one in questions]
    encoder = ManyViews(load(asking.config.encoder), views)
    with WorkerPool(len(os.sched_getaffinity(0)), WORKER) as pool:
        told = Describer(pool, encoder, asking.config).describe(tasks)
        for question, (_, described) in zip(questions, told, strict=True):
            if isinstance(described, UnreadableScan):
                raise described
            embedding = described.blocks["embedding"]
            yield replace(question, blocks={**question.blocks, "embedding": embedding})
