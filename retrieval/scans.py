"""A query's files in numbers: through the very workers, stages and encoder that build an index."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from indexer.describe import WORKER, Described, Describer, Task
from indexer.workers import WorkerPool
from models.encoders import Encoder
from models.errors import UnreadableScan
from retrieval.index import OpenIndex


class ScanReader:
    """Describes scans for queries. Its worker and its encoder are started once and kept."""

    def __init__(self, threads: int = 0) -> None:
        """`threads`: for the encoder; 0 takes every core."""
        self._threads = threads
        self._pool = WorkerPool(1, WORKER)
        self._executor = ThreadPoolExecutor(1)
        self._encoder: Future[Encoder] | None = None

    def start(self, encoder: str) -> None:
        """Starts loading in the background, so that it happens while an index is opened."""
        self._pool.start()
        self._begin(encoder)

    def describe(self, scan: Path, index: OpenIndex) -> Described:
        """A file, or a folder that holds the slices of one series, as the index would take it.

        Raises `UnreadableScan`, and `IndexUnusable` if the index is of another encoder.
        """
        encoder = self._begin(index.config.encoder).result()
        index.require(encoder.spec)
        describer = Describer(self._pool, encoder, index.config)
        return describe_one(describer, scan_files(scan))

    def close(self) -> None:
        """Ends the worker."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._pool.close()

    def _begin(self, name: str) -> Future[Encoder]:
        if self._encoder is None:
            self._encoder = self._executor.submit(_load, name, self._threads)
        return self._encoder


def _load(name: str, threads: int) -> Encoder:
    from models.encoders.registry import load

    encoder: Encoder = load(name, threads)
    return encoder


def scan_files(scan: Path) -> tuple[str, ...]:
    """The files of a query: itself, or what lies in the folder. Raises `UnreadableScan`."""
    if not scan.exists():
        raise UnreadableScan("missing", f"there is no file or folder {scan}")
    if not scan.is_dir():
        return (str(scan),)
    files = sorted(str(p) for p in scan.iterdir() if p.is_file() and not p.name.startswith("."))
    if not files:
        raise UnreadableScan("empty", f"the folder {scan} holds no file")
    return tuple(files)


def describe_one(describer: Describer, files: tuple[str, ...]) -> Described:
    """One scan from its files. Raises `UnreadableScan`."""
    for _, described in describer.describe([Task("query", files)]):
        if isinstance(described, UnreadableScan):
            raise described
        return described
    raise AssertionError("a task gives one outcome")
