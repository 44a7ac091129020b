"""Sessions: kept here, known to a browser by a random cookie, and gone with the server.

Only a hash of the cookie is kept, so that nothing in this process's memory opens a session.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from retrieval.web.access.roles import Person
from retrieval.web.access.tokens import digest

COOKIE = "__Host-session"
_MOST = 10_000


@dataclass(slots=True)
class Session:
    """Somebody who is signed in. `stamp`: of what he was signed in by (`User.stamp`)."""

    person: Person
    stamp: str
    began: float
    used: float


class Sessions:
    """All sessions of a server. Safe to use from several threads."""

    def __init__(
        self, idle_s: float, whole_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`clock`: in seconds, for tests."""
        self._idle_s, self._whole_s, self._clock = idle_s, whole_s, clock
        self._lock = threading.Lock()
        self._kept: dict[str, Session] = {}

    def begin(self, person: Person, stamp: str, before: str | None = None) -> str:
        """A new session; gives its cookie. The one that was shown `before` signing in ends."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        with self._lock:
            if before:
                self._kept.pop(digest(before), None)
            self._forget_old(now)
            self._kept[digest(cookie)] = Session(person, stamp, now, now)
        return cookie

    def get(self, cookie: str) -> Session | None:
        """The session of a cookie, used now; None if there is none or it has ended."""
        key, now = digest(cookie), self._clock()
        with self._lock:
            session = self._kept.get(key)
            if session is None:
                return None
            if self._ended(session, now):
                del self._kept[key]
                return None
            session.used = now
            return session

    def end(self, cookie: str) -> None:
        """Ends a session, if there is one."""
        with self._lock:
            self._kept.pop(digest(cookie), None)

    def _ended(self, session: Session, now: float) -> bool:
        return now - session.used > self._idle_s or now - session.began > self._whole_s

    def _forget_old(self, now: float) -> None:
        ended = [key for key, session in self._kept.items() if self._ended(session, now)]
        for key in ended:
            del self._kept[key]
        while len(self._kept) >= _MOST:
            del self._kept[min(self._kept, key=lambda key: self._kept[key].used)]


def cookie_header(
    name: str, value: str, same_site: str = "Strict", age_s: int | None = None
) -> str:
    """A `Set-Cookie` with all that `__Host-` asks for. `age_s`: 0 removes it."""
    until = "" if age_s is None else f"; Max-Age={age_s}"
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite={same_site}{until}"
