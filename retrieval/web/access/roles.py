"""Roles, and what a request needs.

A reader asks. A curator also adds, re-labels and removes cases. An administrator also sees how the
server is doing. A token has some of what its owner's role has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

ROLES: Mapping[str, tuple[str, ...]] = {
    "reader": ("ask",),
    "curator": ("ask", "curate"),
    "admin": ("ask", "curate", "admin"),
}
"""What each role may."""

SCOPES = ROLES["admin"]
_BASE = "/api/v1/"
_OPEN = frozenset({"/", "/health/live", "/health/ready"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `name`: of a user. `may`: what he may do, or his token. `by`: how that is known.

    `by` is ``session``, ``token:ID`` or ``local``: of somebody at a server without sign-in.
    """

    name: str
    role: str
    may: tuple[str, ...]
    by: str


LOCAL = Person("", "", ("ask",), "local")
"""Whoever sits at a server that only its own machine reaches."""


def needed(method: str, path: str) -> str | None:
    """What a request needs: ``ask``, ``curate`` or ``admin``; None if nobody has to sign in for it.

    What is not known to be open needs ``ask``, and what changes the archive ``curate``, whether a
    route answers it or not.
    """
    if path in _OPEN or path.startswith("/static/") or _is_session(path):
        return None
    if path == "/metrics":
        return "admin"
    if path.startswith(f"{_BASE}changes"):
        return "curate"
    if path.startswith(f"{_BASE}cases") and method not in _READING:
        return "curate"
    return "ask"


def _is_session(path: str) -> bool:
    return path == f"{_BASE}session" or path.startswith(f"{_BASE}session/")
