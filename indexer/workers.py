"""A pool of worker processes for files that nobody has checked.

A decoder may need gigabytes for a small file, loop, crash, or be taken over by a malicious one.
Each worker therefore runs with a memory limit, a time limit and nothing of the parent's but its
module path; what it sends back is validated (`indexer.wire`). One that dies costs one file.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from indexer.wire import Arrays, Meta, encode
from indexer.worker_dispatch import Answer, Dispatcher, Job, Run, WorkersError
from indexer.worker_process import WorkerLimits
from models.errors import UnreadableScan

__all__ = ["Outcome", "WorkerLimits", "WorkerPool", "WorkersError"]

K = TypeVar("K")

AHEAD = 16  # tasks a worker, begun or waiting, before answers have to be taken
HELD_BYTES = 64 << 20  # of answers that wait for an earlier one, or to be taken
HELD = 512


@dataclass(frozen=True, slots=True)
class Outcome(Generic[K]):
    """What came of one task. With an `error`, `meta` and `arrays` are empty.

    `error.code` is what the function raised, or one of: ``timed_out``, ``out_of_memory``,
    ``worker_died``, ``failed`` (any other exception; the sentence names its type only).
    `seconds`: wall time of the function; 0 where the worker did not live to tell.
    """

    key: K
    meta: Meta
    arrays: Arrays
    error: UnreadableScan | None
    seconds: float


class WorkerPool:
    """Runs one function in `workers` processes; a context manager that leaves none behind.

    `function` is "package.module:function", imported in the worker only. It takes a dict that JSON
    holds and gives a dict that JSON holds and named arrays (`indexer.wire.DTYPES`). It must be a
    function of its argument: a task whose worker died is tried once more.
    """

    def __init__(
        self, workers: int, function: str, limits: WorkerLimits | None = None, ahead: int = AHEAD
    ) -> None:
        """Start nothing yet. `ahead`: tasks a worker that `run` takes in advance."""
        self._dispatcher = Dispatcher(max(1, workers), function, limits or WorkerLimits())
        self._ahead = max(1, workers) * ahead
        self._running = False

    def __enter__(self) -> Self:
        """Give the pool itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the pool."""
        self.close()

    def start(self) -> None:
        """Start the workers now and return at once: they import while the caller does."""
        self._dispatcher.hire()

    def close(self) -> None:
        """Kill the workers. Safe to call twice."""
        self._dispatcher.close()

    def run(self, tasks: Iterable[tuple[K, dict[str, Any]]]) -> Iterator[Outcome[K]]:
        """One outcome a task, in the order of the tasks.

        `tasks` is consumed as the answers are taken, `ahead` a worker in advance, in the thread of
        the caller. Raises `WorkersError` if no worker can be started, RuntimeError for a second
        run beside the first, TypeError for params that are not JSON.
        """
        if self._running:
            raise RuntimeError("a worker pool runs one sequence of tasks at a time")
        self._running = True
        queue = _Queue(self._dispatcher, iter(tasks), self._ahead)
        try:
            while queue.fill():
                yield queue.take()
        finally:
            queue.run.alive = False
            self._running = False


class _Queue(Generic[K]):
    """The tasks of one run that are under way, and the answers that came early."""

    def __init__(
        self, dispatcher: Dispatcher, tasks: Iterator[tuple[K, dict[str, Any]]], ahead: int
    ) -> None:
        self.run = Run()
        self._dispatcher, self._ahead = dispatcher, ahead
        self._tasks: Iterator[tuple[K, dict[str, Any]]] | None = tasks
        self._keys: deque[K] = deque()
        self._first = 0  # number of the task whose answer is given next
        self._early: dict[int, Answer] = {}
        self._held_bytes = 0

    def fill(self) -> bool:
        """Hand out tasks up to the limits; whether any answer is still to be given."""
        room = self._ahead - (len(self._keys) - len(self._early))
        held_up = self._held_bytes > HELD_BYTES or len(self._early) > HELD
        # In portions, so that the two threads do not wake each other for every task.
        if self._tasks is not None and not held_up and room >= max(1, self._ahead // 2):
            jobs: list[Job] = []
            for key, params in self._tasks:
                number = self._first + len(self._keys)
                jobs.append(Job(self.run, number, encode(params, {})))
                self._keys.append(key)
                if len(jobs) == room:
                    break
            else:
                self._tasks = None
            self._dispatcher.submit(jobs)
        return bool(self._keys)

    def take(self) -> Outcome[K]:
        """The next answer, waiting for it."""
        while self._first not in self._early:
            number, answer = self.run.results.get()
            if isinstance(answer, BaseException):
                raise answer
            self._early[number] = answer
            self._held_bytes += _size(answer)
            self.fill()
        answer = self._early.pop(self._first)
        self._held_bytes -= _size(answer)
        self._first += 1
        return Outcome(
            self._keys.popleft(), answer.meta, answer.arrays, answer.error, answer.seconds
        )


def _size(answer: Answer) -> int:
    return sum(array.nbytes for array in answer.arrays.values())
