"""How much one person may ask: a bucket that fills by the minute, and a number at a time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from retrieval.web.access.limits import AccessLimits


@dataclass(slots=True)
class _Bucket:
    left: float
    seen: float


class Rates:
    """The buckets of all. Safe to use from several threads."""

    def __init__(self, limits: AccessLimits, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: in seconds, for tests."""
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, bool], _Bucket] = {}
        self._busy: dict[str, int] = {}

    def wait_s(self, name: str, work: bool) -> float:
        """Takes one request of a person; gives 0, or how long he has to wait for it."""
        most = self._limits.work_a_minute if work else self._limits.asked_a_minute
        now = self._clock()
        with self._lock:
            bucket = self._buckets.setdefault((name, work), _Bucket(most, now))
            bucket.left = min(most, bucket.left + (now - bucket.seen) * most / 60)
            bucket.seen = now
            if bucket.left < 1:
                return (1 - bucket.left) * 60 / most
            bucket.left -= 1
            return 0.0

    def enter(self, name: str) -> bool:
        """Begins work for a person; False if as much is under way as may be."""
        with self._lock:
            if self._busy.get(name, 0) >= self._limits.work_at_once:
                return False
            self._busy[name] = self._busy.get(name, 0) + 1
            return True

    def leave(self, name: str) -> None:
        """Ends work that was begun."""
        with self._lock:
            self._busy[name] -= 1
            if not self._busy[name]:
                del self._busy[name]
