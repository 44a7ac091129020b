"""Where the time of a build goes: wall and processor time by stage, over all its processes."""

import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

IN_WORKERS = (
    "read",
    "quality",
    "mend",
    "preprocess",
    "segment",
    "histograms",
    "fit",
    "preview",
    "hash",
)
"""The stages of a scan in a worker, in their order; see `indexer.prepare`."""

_LONGEST_S = 1e6  # what a worker says of itself is not believed beyond that


@dataclass(frozen=True, slots=True)
class Stage:
    """What a stage took: seconds of the clock and of processors, and for how many instances.

    Stages overlap, so their wall times do not add up to that of the build; processor times do.
    `count` is 0 where instances are not its measure.
    """

    name: str
    wall_s: float
    cpu_s: float
    count: int


class Profile:
    """Adds up what stages take. Safe to use from several threads; stages are not nested."""

    def __init__(self) -> None:
        """Nothing was done yet; processes that end from now on count as workers."""
        self._spent: dict[str, list[float]] = {}
        self._lock = threading.Lock()
        self._children = _of_children()

    @contextmanager
    def stage(self, name: str, count: int = 0, alone: bool = False) -> Iterator[None]:
        """What is done in it, by this thread; `alone`: by all threads, as no other stage runs."""
        clock = time.process_time if alone else time.thread_time
        wall, cpu = time.perf_counter(), clock()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - wall, clock() - cpu, count)

    @contextmanager
    def split(self, here: str, beside: str) -> Iterator[None]:
        """This thread's time counts as `here`, that of the process's other threads as `beside`.

        For libraries that compute in threads of their own. The wall time of `beside` is told by
        whoever waits for them.
        """
        wall, thread, process = time.perf_counter(), time.thread_time(), time.process_time()
        try:
            yield
        finally:
            own = time.thread_time() - thread
            self.add(here, time.perf_counter() - wall, own)
            self.add(beside, 0.0, max(0.0, time.process_time() - process - own))

    def add(self, name: str, wall_s: float, cpu_s: float, count: int = 0) -> None:
        """Adds to a stage."""
        with self._lock:
            spent = self._spent.setdefault(name, [0.0, 0.0, 0])
            for place, more in enumerate((wall_s, cpu_s, count)):
                spent[place] += more

    def laps(self) -> dict[str, list[float]]:
        """Worker side: stage -> wall and processor seconds, as JSON."""
        return {name: [wall, cpu] for name, (wall, cpu, _) in self._spent.items()}

    def take(self, laps: Any, count: int) -> None:
        """Adds what a worker told of one scan of `count` instances; nonsense counts as nothing."""
        told = laps if isinstance(laps, Mapping) else {}
        for name in IN_WORKERS:
            if name in told:
                wall, cpu = _seconds(told[name])
                self.add(name, wall, cpu, count)

    def start_up(self) -> None:
        """Once the workers have ended: what they took beyond their stages."""
        told = sum(self._spent[name][1] for name in IN_WORKERS if name in self._spent)
        self.add("workers", 0.0, max(0.0, _of_children() - self._children - told))

    def stages(self) -> tuple[Stage, ...]:
        """All stages, those of the workers first, then as they were begun."""
        first = [name for name in IN_WORKERS if name in self._spent]
        names = [*first, *(name for name in self._spent if name not in first)]
        return tuple(
            Stage(name, wall, cpu, int(count))
            for name in names
            for wall, cpu, count in [self._spent[name]]
        )


def _of_children() -> float:
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _seconds(told: Any) -> tuple[float, float]:
    if not isinstance(told, list) or len(told) != 2:
        return 0.0, 0.0
    wall, cpu = (
        float(one)
        if isinstance(one, int | float) and math.isfinite(one) and 0 <= one <= _LONGEST_S
        else 0.0
        for one in told
    )
    return wall, cpu
