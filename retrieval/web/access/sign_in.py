"""Signing in by name and password: throttled, and as slow for a name that does not exist."""

import threading

from retrieval.web.access import passwords
from retrieval.web.access.roles import ROLES, Person
from retrieval.web.access.sessions import Sessions
from retrieval.web.access.throttle import Throttle
from retrieval.web.access.users import User, Users
from retrieval.web.problems import Problem

_WAITING = 8


class SignIn:
    """Turns passwords into sessions. Safe to use from several threads."""

    def __init__(self, users: Users, sessions: Sessions, throttle: Throttle) -> None:
        """The parts that it joins."""
        self._users, self._sessions, self._throttle = users, sessions, throttle
        self._lock = threading.Lock()
        self._busy = 0

    def known(self, name: str) -> str:
        """The name if there is such a user, else nothing: what was typed may be a password."""
        return name if self._users.get(name) else ""

    def enter(self, name: str, password: str, address: str, before: str | None) -> str:
        """The cookie of a new session. Raises `Problem`: 401 if it is wrong, 429 if it must wait.

        `before`: the cookie that was shown; its session ends.
        """
        wait_s = self._throttle.wait_s(name, address)
        if wait_s:
            raise slow_down("guesses", "too many wrong passwords", wait_s)
        user = self._users.get(name)
        if not self._fits(user, password):
            self._throttle.wrong(name, address)
            raise Problem(
                401, "wrong_password", "name or password is wrong", "Look at both and try again."
            )
        assert user is not None
        self._throttle.right(name, address)
        person = Person(user.name, user.role, ROLES[user.role], "session")
        return self._sessions.begin(person, user.stamp(), before)

    def _fits(self, user: User | None, password: str) -> bool:
        with self._lock:
            if self._busy >= _WAITING:
                raise slow_down("busy", "many people are signing in", 2)
            self._busy += 1
        try:
            return passwords.fits(user.password if user and user.password else None, password)
        finally:
            with self._lock:
                self._busy -= 1


def slow_down(code: str, why: str, wait_s: float) -> Problem:
    """Too much was asked; says for how long to wait."""
    problem = Problem(429, code, why)
    problem.retry_s = max(1, int(wait_s) + 1)
    return problem
