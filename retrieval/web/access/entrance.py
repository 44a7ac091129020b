"""Who asks, and whether he may: what a server with sign-in holds, in one piece."""

from dataclasses import dataclass, field
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from retrieval.web.access.limits import AccessLimits
from retrieval.web.access.oidc import Provider
from retrieval.web.access.rates import Rates
from retrieval.web.access.roles import Person
from retrieval.web.access.sessions import COOKIE, Sessions
from retrieval.web.access.sign_in import SignIn
from retrieval.web.access.throttle import Throttle
from retrieval.web.access.users import Users


@dataclass(frozen=True, slots=True)
class Entrance:
    """Users, sessions and limits of a server. `provider`: where people sign in, if not here."""

    users: Users
    sessions: Sessions
    sign_in: SignIn
    rates: Rates
    provider: Provider | None
    limits: AccessLimits = field(default_factory=AccessLimits)

    @classmethod
    def of(cls, folder: Path, limits: AccessLimits) -> "Entrance":
        """That of a folder. Raises `UsageError` if its files are not there or cannot be used."""
        users, provider = Users(folder), Provider.of(folder)
        if provider is None or users.path.exists():
            users.all()
        sessions = Sessions(limits.idle_s, limits.whole_s)
        sign_in = SignIn(users, sessions, Throttle(limits))
        return cls(users, sessions, sign_in, Rates(limits), provider, limits)

    def who(self, headers: Headers) -> Person | None:
        """Who sends a request: by a token, else by a session. None: nobody that is known.

        A token that does not hold is nobody, whatever cookie comes with it.
        """
        shown = headers.get("authorization")
        if shown is not None:
            kind, _, token = shown.partition(" ")
            return self.users.of_token(token.strip()) if kind.lower() == "bearer" else None
        cookie = session_cookie(headers)
        session = self.sessions.get(cookie) if cookie else None
        if session is None or cookie is None:
            return None
        if session.stamp:  # a user of ours: removed or changed, he has to sign in again
            user = self.users.get(session.person.name)
            if user is None or user.stamp() != session.stamp:
                self.sessions.end(cookie)
                return None
        return session.person


def session_cookie(headers: Headers) -> str | None:
    """The cookie of a session, if one is shown."""
    return cookie_parser(headers.get("cookie", "")).get(COOKIE)
