"""The very pictures that the encoder sees: of a scan, and, as nearly as was kept, of an index.

Files and previews are decoded by the sandboxed workers alone.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexer.config import Config
from indexer.previews import as_text
from indexer.workers import WorkerPool
from models.arrays import ByteImage, FloatImage
from models.saliency.tint import as_png

WHOLE = ("none", "whole image")
"""How what `indexer.prepare` says of a segmentation begins where nothing was cut away."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The instances of a scan as the encoder takes them.

    `pictures`: uint8 (n, size, size, 3). `histograms`: the blocks colour and edge, float32
    (n, dim). `previews`: n JPEGs of the whole instances. `slices`: each one's place in the volume,
    or (-1,). `segmentation`: how the region was found that the pictures show.
    """

    pictures: ByteImage
    histograms: dict[str, FloatImage]
    slices: tuple[int, ...]
    previews: tuple[bytes, ...]
    segmentation: str

    @property
    def whole(self) -> bool:
        """Whether pictures and previews show the same."""
        return self.segmentation.startswith(WHOLE)

    def film(self, at: int) -> bytes:
        """One instance to lay a map of its picture over: a JPEG, or a PNG where a region was cut.

        Squashed to a square, its preview is its picture.
        """
        return self.previews[at] if self.whole else as_png(self.pictures[at])


def seen(pool: WorkerPool, files: Sequence[str], config: Config, size: int) -> Seen:
    """A scan on the way on which it is described. `size`: pixels that the encoder takes.

    Raises `UnreadableScan`.
    """
    told = json.dumps(config.to_json())
    job = {"job": "prepare", "paths": list(files), "mask": "", "config": told, "size": size}
    (outcome,) = pool.run([("seen", job)])
    if outcome.error is not None:
        raise outcome.error
    pictures = outcome.arrays["pictures"]
    if pictures.shape[-1] == 1:
        pictures = np.repeat(pictures, 3, axis=-1)
    ends = np.cumsum(outcome.meta["preview_bytes"])
    parts = np.split(outcome.arrays["previews"], ends[:-1])
    previews = tuple(part.tobytes() for part in parts)
    return Seen(
        pictures=pictures,
        histograms={name: outcome.arrays[name] for name in ("colour", "edge")},
        slices=tuple(outcome.meta["slices"]),
        previews=previews,
        segmentation=outcome.meta["segmentation"],
    )


def seen_previews(pool: WorkerPool, previews: Sequence[bytes], size: int) -> list[ByteImage | None]:
    """Previews of an index as the encoder takes them, uint8 (size, size, 3) each.

    None where one cannot be decoded.
    """
    jobs = (
        (number, {"job": "fitted", "size": size, "previews": as_text([preview])})
        for number, preview in enumerate(previews)
    )
    return [
        None if outcome.error is not None else outcome.arrays["pictures"][0]
        for outcome in pool.run(jobs)
    ]
