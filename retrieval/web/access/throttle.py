"""Slowing down who guesses passwords.

Wrong guesses are counted for a name from an address, for an address, and for a name. Beyond the
first bound nobody there signs in for a while, not even with the right password, which would tell a
guess from a hit. The bound of a name alone is wide: it must not be easy to lock a colleague out.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from retrieval.web.access.limits import AccessLimits

_KEPT = 50_000
Key = tuple[str, str]


class Throttle:
    """Counts wrong guesses. Safe to use from several threads."""

    def __init__(self, limits: AccessLimits, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock`: in seconds, for tests."""
        self._limits, self._clock = limits, clock
        self._lock = threading.Lock()
        self._wrong: dict[Key, deque[float]] = {}

    def wait_s(self, name: str, address: str) -> float:
        """How long one has to wait before the next guess; 0 if not at all."""
        now = self._clock()
        with self._lock:
            return max(self._wait(key, most, now) for key, most in self._keys(name, address))

    def wrong(self, name: str, address: str) -> None:
        """Counts a wrong guess."""
        now = self._clock()
        with self._lock:
            for key, _ in self._keys(name, address):
                self._wrong.setdefault(key, deque(maxlen=self._limits.guesses_name)).append(now)
            self._forget_old(now)

    def right(self, name: str, address: str) -> None:
        """Forgets the wrong guesses for a name from an address: its owner has signed in."""
        with self._lock:
            self._wrong.pop((name.lower(), address), None)

    def _keys(self, name: str, address: str) -> Iterator[tuple[Key, int]]:
        limits = self._limits
        yield (name.lower(), address), limits.guesses
        yield ("", address), limits.guesses_address
        yield (name.lower(), ""), limits.guesses_name

    def _wait(self, key: Key, most: int, now: float) -> float:
        found = self._wrong.get(key)
        if found is None:
            return 0.0
        recent = [at for at in found if now - at < self._limits.guesses_s]
        if len(recent) < most:
            return 0.0
        return recent[-most] + self._limits.guesses_s - now

    def _forget_old(self, now: float) -> None:
        if len(self._wrong) <= _KEPT:
            return
        old = [key for key, at in self._wrong.items() if now - at[-1] >= self._limits.guesses_s]
        for key in old or list(self._wrong)[: _KEPT // 10]:
            del self._wrong[key]
