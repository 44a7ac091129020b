"""From files to numbers: the very same way for a scan of the archive and for a query.

Untrusted files are handed to the sandboxed workers (`indexer.prepare`); the pictures that come back
are turned into embeddings here.
"""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from indexer.config import Config
from indexer.frame import Frame
from indexer.look import Look, looker
from indexer.previews import as_text, chunks
from indexer.profile import Profile
from indexer.scan import Header
from indexer.workers import WorkerPool
from models.arrays import ByteImage, FloatImage
from models.descriptors import load
from models.descriptors.text import DIM as TEXT_DIM
from models.encoders import Encoder
from models.errors import UnreadableScan
from models.heads.orientation import KINDS
from models.regions.cells import CellBasis, Cells

WORKER = "indexer.prepare:run"
_TURNED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Described:
    """A scan in numbers.

    `blocks`: descriptor name -> float32 (n, dim), one row an instance, each of unit length or
    zeros. `previews`: n JPEGs. `slices`: each instance's place in the volume, or (-1,) for a
    picture. `shape`: (rows, columns) of an instance in pixels. `sha256`: of each file, in the order
    in which they were given. `quality`: what was found, as texts that begin with a code (see
    `indexer.quality`). `files`: which of them each instance lies in. `cells`: what stands where in
    each instance, None where nobody asked. `frames`: see `indexer.frame`. `weights`: how much of
    each cell lies in the region that was asked for, float32 (n, cells); None without one.
    `region`: the box around it, see `indexer.region.extent`.
    """

    header: Header
    blocks: dict[str, FloatImage]
    previews: tuple[bytes, ...]
    slices: tuple[int, ...]
    shape: tuple[int, int]
    quality: tuple[str, ...]
    segmentation: str
    sha256: tuple[str, ...]
    files: tuple[int, ...] = (0,)
    cells: Cells | None = None
    frames: tuple[Frame, ...] = ()
    weights: FloatImage | None = None
    region: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """One scan to describe: its files, and a mask file if the archive has one for it.

    `region`: of a query, from `indexer.region`; only the slices that it touches are described.
    """

    key: str
    paths: tuple[str, ...]
    mask: str = ""
    region: Mapping[str, Any] | None = None


class Describer:
    """Turns files into `Described` scans, with the workers and the encoder that it is given.

    `profile`: what the stages of that took.
    """

    def __init__(
        self,
        pool: WorkerPool,
        encoder: Encoder,
        config: Config,
        batch: int = 16,
        profile: Profile | None = None,
    ) -> None:
        """`batch`: pictures that the encoder is given at once."""
        self.encoder = encoder
        self.config = config
        self._pool = pool
        self.profile = profile or Profile()
        self._told = json.dumps(config.to_json())
        self._batch = batch
        self.basis: CellBasis | None = None  # of the cells that are described too

    @property
    def dims(self) -> dict[str, int]:
        """How many numbers each block has, in the order in which the blocks stand side by side."""
        image = {name: load(name).dim for name in ("colour", "edge")}
        return {**image, "embedding": self.encoder.spec.dim, "text": TEXT_DIM}

    def looker(self, root: Path) -> Look:
        """Looks at the headers of files of an archive in `root`."""
        return looker(self._pool, root)

    def describe(self, tasks: Iterable[Task]) -> Iterator[tuple[str, Described | UnreadableScan]]:
        """Each task's key and what came of it, in the order of the tasks.

        Workers prepare scans while the encoder, in a thread of its own, embeds a batch of earlier
        ones; nothing waits but for the slower of the two.
        """
        with self.profile.split("collect", "encode"), ThreadPoolExecutor(1) as thread:
            waiting: list[_Batch] = []
            for batch in self._batches(tasks):
                batch.embeddings = thread.submit(self._embed, batch.pictures, batch.digests)
                waiting.append(batch)
                if len(waiting) > 2:
                    yield from waiting.pop(0).finished()
            for batch in waiting:
                yield from batch.finished()

    def turned(self, previews: Sequence[bytes]) -> FloatImage:
        """Embeddings of previews as each of `models.heads.orientation.KINDS`.

        float32 (n, kinds, dim). Raises `UnreadableScan` for what is no preview.
        """
        size, dim = self.encoder.spec.size, self.encoder.spec.dim
        jobs = (
            (start, {"job": "turned", "size": size, "previews": as_text(previews[start:end])})
            for start, end in chunks([len(preview) for preview in previews], _TURNED_AT_ONCE)
        )
        found = [np.zeros((0, dim), np.float32)]
        for outcome in self._pool.run(jobs):
            if outcome.error is not None:
                raise outcome.error
            found.append(self.encoder.encode(outcome.arrays["pictures"]))
        return np.concatenate(found).reshape(len(previews), len(KINDS), dim)

    def _batches(self, tasks: Iterable[Task]) -> Iterator["_Batch"]:
        jobs = ((task.key, self._params(task)) for task in tasks)
        batch = _Batch()
        for outcome in self._pool.run(jobs):
            batch.add(outcome)
            self.profile.take(outcome.meta.get("laps"), len(outcome.arrays.get("pictures", ())))
            if batch.count >= self._batch:
                yield batch
                batch = _Batch()
        if batch.outcomes:
            yield batch

    def _params(self, task: Task) -> dict[str, Any]:
        return {
            "job": "prepare",
            "paths": list(task.paths),
            "mask": task.mask,
            "config": self._told,
            "size": self.encoder.spec.size,
            "region": None if task.region is None or self.basis is None else dict(task.region),
            "grid": None if self.basis is None else list(self.basis.grid),
        }

    def _embed(
        self, pictures: list[ByteImage], digests: list[str]
    ) -> tuple[FloatImage, Cells | None]:
        if not pictures:
            return np.zeros((0, self.encoder.spec.dim), np.float32), None
        began = time.perf_counter()
        whole = np.stack([_rgb(one) for some in pictures for one in some])
        found = self._embed_whole(whole, digests)
        self.profile.add("encode", time.perf_counter() - began, 0.0, len(whole))
        return found

    def _embed_whole(self, whole: ByteImage, digests: list[str]) -> tuple[FloatImage, Cells | None]:
        if self.basis is None:
            return self.encoder.encode(whole, digests), None
        embeddings, maps = self.encoder.encode_detail(whole, digests)
        return embeddings, None if maps is None else self.basis.cells(maps)


def _rgb(picture: ByteImage) -> ByteImage:
    """uint8 (size, size, 3) from grey (size, size, 1) or RGB."""
    if picture.shape[-1] == 3:
        return picture
    import cv2

    grey = np.ascontiguousarray(picture[..., 0])
    return np.asarray(cv2.merge([grey, grey, grey]), np.uint8)  # three times as fast as NumPy


class _Batch:
    """Outcomes whose pictures are embedded together."""

    def __init__(self) -> None:
        self.outcomes: list[Any] = []
        self.pictures: list[ByteImage] = []
        self.digests: list[str] = []
        self.count = 0
        self.embeddings: Any = None

    def add(self, outcome: Any) -> None:
        self.outcomes.append(outcome)
        if outcome.error is None:
            pictures = outcome.arrays["pictures"]
            self.pictures.append(pictures)
            # A model that has learned from one file of a scan has learned from all of them.
            self.digests += outcome.meta["sha256"][:1] * len(pictures)
            self.count += len(pictures)

    def finished(self) -> Iterator[tuple[str, Described | UnreadableScan]]:
        embeddings, cells = self.embeddings.result()
        start = 0
        for outcome in self.outcomes:
            if outcome.error is not None:
                yield outcome.key, outcome.error
                continue
            end = start + len(outcome.arrays["pictures"])
            told = _described(outcome.meta, outcome.arrays, embeddings[start:end])
            yield outcome.key, replace(told, cells=cells and cells.taken(start, end))
            start = end


def _described(
    meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray], embedding: FloatImage
) -> Described:
    ends = np.cumsum(meta["preview_bytes"])
    previews = arrays["previews"].tobytes()
    return Described(
        header=Header(**meta["header"]),
        blocks={"colour": arrays["colour"], "edge": arrays["edge"], "embedding": embedding},
        previews=tuple(
            previews[end - size : end]
            for end, size in zip(ends, meta["preview_bytes"], strict=True)
        ),
        slices=tuple(meta["slices"]),
        shape=(meta["shape"][0], meta["shape"][1]),
        quality=tuple(meta["quality"]),
        segmentation=meta["segmentation"],
        sha256=tuple(meta["sha256"]),
        files=tuple(meta["files"]),
        frames=tuple(tuple(frame) for frame in meta["frames"]),
        weights=arrays.get("weights"),
        region=tuple(meta.get("region", ())),
    )
