"""Who has seen which case of late, so that scrolling a series is one record, not hundreds."""

import threading
import time
from collections.abc import Sequence

AGAIN_S = 600.0
"""Pictures of a case that a person has on the screen are recorded once in this time."""

_MOST = 20_000


class Glances:
    """Who has seen which case of late. Safe to use from several threads."""

    def __init__(self) -> None:
        """Nobody anything."""
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str], float] = {}

    def is_new(self, name: str, case_id: str) -> bool:
        """Whether that is to be recorded."""
        now = time.monotonic()
        with self._lock:
            seen = self._seen.get((name, case_id))
            return seen is None or now - seen > AGAIN_S

    def seen(self, name: str, cases: Sequence[str]) -> None:
        """Takes down what was recorded."""
        now = time.monotonic()
        with self._lock:
            for case_id in cases:
                self._seen[name, case_id] = now
            if len(self._seen) > _MOST:
                recent = {key: at for key, at in self._seen.items() if now - at <= AGAIN_S}
                self._seen = recent if len(recent) <= _MOST else {}
