"""How long something takes, beside something else that does the same."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians of one call, in milliseconds: on the clock, and of this process's CPUs."""

    ms: float
    cpu_ms: float


def costs(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Cost]:
    """What each call costs, taking turns, so that a busy spell of the machine hits all alike.

    Each is called once before the first round.
    """
    for call in calls.values():
        call()
    walls: dict[str, list[float]] = {name: [] for name in calls}
    cpus: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            walls[name].append((time.perf_counter() - wall) * 1000)
            cpus[name].append((time.process_time() - cpu) * 1000)
    return {name: Cost(median(walls[name]), median(cpus[name])) for name in calls}
