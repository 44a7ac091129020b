"""Desks: each answers one request at a time, with workers and an encoder of its own.

What a desk does runs in a thread. It is stopped by ending its workers: a decoder cannot be talked
to, and what waits for it then ends at once.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from fastapi import Request

from indexer.describe import WORKER
from indexer.workers import WorkerPool
from retrieval.index import OpenIndex
from retrieval.scans import ScanReader
from retrieval.search import Engine
from retrieval.web.archive import Archive
from retrieval.web.problems import Problem

T = TypeVar("T")

_LOOK_S = 0.25
"""How often it is looked whether who asked is still there."""


class Desk:
    """Workers and an encoder, for one request at a time."""

    def __init__(self) -> None:
        """Starts nothing yet."""
        self._lock = threading.Lock()
        self._pool: WorkerPool | None = None
        self._scans: ScanReader | None = None
        self._encoder = ""

    def engine(self, index: OpenIndex) -> Engine:
        """An engine over that index."""
        self.pool(index)
        assert self._scans is not None
        return Engine.over(index, self._scans)

    def pool(self, index: OpenIndex) -> WorkerPool:
        """The workers, ready for scans of that index."""
        with self._lock:
            if self._pool is None or self._encoder != index.config.encoder:
                self._end()
                self._pool = WorkerPool(1, WORKER)
                self._scans = ScanReader(1, self._pool)
                self._encoder = index.config.encoder
                self._scans.start(self._encoder)
            return self._pool

    def stop(self) -> None:
        """Ends what it is doing; the next request finds it ready again."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        if self._scans is not None:
            self._scans.close()
        self._pool = self._scans = None


class Desks:
    """All desks, and who waits for one."""

    def __init__(self, archive: Archive, count: int, waiting: int) -> None:
        """`waiting`: how many may wait."""
        self._archive, self._most = archive, waiting
        self._desks = [Desk() for _ in range(count)]
        self._free: asyncio.Queue[Desk] = asyncio.Queue()
        for desk in self._desks:
            self._free.put_nowait(desk)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="desk")
        self._work: dict[str, asyncio.Event] = {}
        self.waiting = 0

    async def do(
        self, request: Request, task: Callable[[Desk, OpenIndex], T], work_id: str = ""
    ) -> T:
        """What `task` gives, done at the next free desk.

        Raises `Problem` if too many wait, or if it was cancelled: by `cancel`, or since who asked
        has gone.
        """
        if self.waiting >= self._most:
            raise Problem(429, "busy", f"{self.waiting} requests are waiting already")
        stopped = asyncio.Event()
        if work_id:
            self._work[work_id] = stopped
        watch = asyncio.create_task(_ended(request, stopped))
        try:
            desk = await self._desk(watch)
            return await self._done(desk, task, watch)
        finally:
            watch.cancel()
            if work_id and self._work.get(work_id) is stopped:
                del self._work[work_id]

    async def _desk(self, watch: "asyncio.Task[None]") -> Desk:
        free: asyncio.Task[Desk] = asyncio.create_task(self._free.get())
        self.waiting += 1
        try:
            both: set[asyncio.Task[Any]] = {free, watch}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting -= 1
            if not free.done():
                free.cancel()
        if free.done() and not free.cancelled():
            return free.result()
        raise _cancelled()

    async def _done(
        self, desk: Desk, task: Callable[[Desk, OpenIndex], T], watch: "asyncio.Task[None]"
    ) -> T:
        def run() -> T:
            with self._archive.reading() as index:
                return task(desk, index)

        job = asyncio.get_running_loop().run_in_executor(self._threads, run)
        try:
            both: set[asyncio.Future[Any]] = {job, watch}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if job.done():
                return job.result()
            desk.stop()
            with contextlib.suppress(Exception):  # whatever it came to, nobody wants it
                await job
            raise _cancelled()
        finally:
            if job.done():
                self._free.put_nowait(desk)
            else:  # this task itself was cancelled
                desk.stop()
                job.add_done_callback(lambda _: self._free.put_nowait(desk))

    def cancel(self, work_id: str) -> bool:
        """Stops the work of that name; whether there was any."""
        stopped = self._work.get(work_id)
        if stopped is not None:
            stopped.set()
        return stopped is not None

    def start(self) -> None:
        """Starts workers and encoders before the first request."""
        with self._archive.reading() as index:
            for desk in self._desks:
                desk.pool(index)

    def close(self) -> None:
        """Ends all."""
        for desk in self._desks:
            desk.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)


async def _ended(request: Request, stopped: asyncio.Event) -> None:
    """Returns when the work is to be stopped, or who asked has gone."""
    while not await request.is_disconnected():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), _LOOK_S)
            return


def _cancelled() -> Problem:
    return Problem(409, "cancelled", "this was cancelled", "Ask again if you still want to know.")
