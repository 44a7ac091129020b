"""A query's files in numbers: through the very workers, stages and encoder that build an index."""

import contextlib
import stat
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from indexer.describe import WORKER, Described, Describer, Task
from indexer.region import CODE, Region
from indexer.seen import Seen, seen, seen_previews
from indexer.tree import Tree
from indexer.workers import WorkerPool
from models.arrays import ByteImage, FloatImage
from models.encoders import Encoder, EncoderSpec
from models.errors import UnreadableScan, UsageError
from retrieval.index import OpenIndex


class LoadingEncoder:
    """An encoder that is still being loaded: only what it gives has to be waited for."""

    def __init__(self, spec: EncoderSpec, loading: Future[Encoder]) -> None:
        """`spec`: of the encoder that `loading` will give."""
        self._spec = spec
        self._loading = loading

    @property
    def spec(self) -> EncoderSpec:
        """What it is and what it takes."""
        return self._spec

    def encode(self, batch: ByteImage, files: Sequence[str] = ()) -> FloatImage:
        """As the encoder does, once it is there. Raises `ModelUnusable` if it cannot be loaded."""
        return self._loading.result().encode(batch, files)

    @property
    def map_shape(self) -> tuple[int, int, int] | None:
        """As the encoder's, once it is there."""
        return self._loading.result().map_shape

    def encode_maps(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """As the encoder does, once it is there."""
        return self._loading.result().encode_maps(batch, files)

    def encode_detail(
        self, batch: ByteImage, files: Sequence[str] = ()
    ) -> tuple[FloatImage, FloatImage | None]:
        """As the encoder does, once it is there."""
        return self._loading.result().encode_detail(batch, files)


class ScanReader:
    """Describes scans for queries. Its worker and its encoder are started once and kept."""

    def __init__(self, threads: int = 0, pool: WorkerPool | None = None) -> None:
        """`threads`: for the encoder, 0: every core. `pool`: of one worker, started already."""
        self._threads = threads
        self._pool = pool or WorkerPool(1, WORKER)
        self._executor = ThreadPoolExecutor(2)
        self._encoder: Future[Encoder] | None = None
        self._glance: Future[None] | None = None

    def start(self, encoder: str) -> None:
        """Starts loading in the background, so that it happens while an index is opened."""
        self._pool.start()
        self._begin(encoder)

    def glance(self, scan: Path) -> None:
        """Has the worker look at a scan that will be asked for: so it imports what that needs.

        What it finds is told when the scan is described.
        """
        with contextlib.suppress(OSError):  # told later, with its sentence
            if not scan.is_file():
                return
            self._glance = self._executor.submit(self._look, scan)

    def _look(self, scan: Path) -> None:
        for _ in self._pool.run([("glance", {"job": "peek", "path": str(scan)})]):
            pass

    def describe(
        self, scan: Path, index: OpenIndex, slices: int = 0, region: Region | None = None
    ) -> Described:
        """A file, or a folder that holds the slices of one series, as the index would take it.

        `slices`: of a series at most so many are described; 0: as many as in the index. `region`:
        only the slices that it touches are, with their cells. Raises `UnreadableScan`,
        `IndexUnusable` if the index is of another encoder, and `UsageError` for a region that does
        not fit the scan.
        """
        encoder = self.encoder(index)  # the worker reads the scan while it is being loaded
        if self._glance is not None:  # a pool does one thing after the other
            self._glance.result()
        config = replace(
            index.config, slices=min(slices or index.config.slices, index.config.slices)
        )
        describer = Describer(self._pool, encoder, config)
        task = Task("query", scan_files(scan))
        if region is not None:
            describer.basis = index.basis
            task = replace(task, region=region.told())
        try:
            return describe_one(describer, task)
        except UnreadableScan as error:
            if error.code == CODE:
                raise UsageError(str(error)) from error
            raise UnreadableScan(error.code, f"{scan}: {error}") from error

    def encoder(self, index: OpenIndex) -> Encoder:
        """The encoder of an index, which may still be loading.

        Raises `IndexUnusable` if the index is of another one than that which is installed.
        """
        from models.runtime.registry import spec_of

        name = index.config.encoder
        encoder = LoadingEncoder(spec_of(name, EncoderSpec), self._begin(name))
        index.require(encoder.spec)
        return encoder

    def seen(self, scan: Path, index: OpenIndex) -> Seen:
        """What the encoder is shown of a scan. Raises as `describe`."""
        try:
            return seen(self._pool, scan_files(scan), index.config, self.encoder(index).spec.size)
        except UnreadableScan as error:
            raise UnreadableScan(error.code, f"{scan}: {error}") from error

    def seen_previews(self, previews: Sequence[bytes], size: int) -> list[ByteImage | None]:
        """Previews as an encoder takes them; see `indexer.seen`."""
        return seen_previews(self._pool, previews, size)

    def close(self) -> None:
        """Ends the worker."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._pool.close()

    def _begin(self, name: str) -> Future[Encoder]:
        if self._encoder is None:
            self._encoder = self._executor.submit(_load, name, self._threads)
        return self._encoder


_LOADING = threading.Lock()
"""Two networks that OpenVINO compiles at the same time may wait for each other for ever."""


def _load(name: str, threads: int) -> Encoder:
    from models.runtime.registry import load

    with _LOADING:
        encoder: Encoder = load(name, threads)
    return encoder


def scan_files(scan: Path) -> tuple[str, ...]:
    """The files of a query: itself, or those below the folder that an archive would take.

    Raises `UnreadableScan`.
    """
    try:
        kind = scan.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UnreadableScan("missing", f"there is no file or folder {scan}") from None
    except OSError as error:
        raise UnreadableScan("unreadable", f"{scan} cannot be opened: {error.strerror}") from error
    if not stat.S_ISDIR(kind):
        return (str(scan),)
    tree = Tree(scan)
    files = tuple(str(scan / file.path) for file in tree.files())
    if not files:
        why = tree.rejects[0].sentence if tree.rejects else "it holds no DICOM, NIfTI or picture"
        raise UnreadableScan("empty", f"the folder {scan} cannot be asked about: {why}")
    return files


def describe_one(describer: Describer, task: Task) -> Described:
    """One scan. Raises `UnreadableScan`."""
    for _, described in describer.describe([task]):
        if isinstance(described, UnreadableScan):
            raise described
        return described
    raise AssertionError("a task gives one outcome")
