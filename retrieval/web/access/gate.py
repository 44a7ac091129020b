"""The gate before the application: who asks, whether he may, and not too much at once."""

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from models.errors import CbirError
from retrieval.web.access.entrance import Entrance
from retrieval.web.access.roles import LOCAL, Person, needed
from retrieval.web.access.sign_in import slow_down
from retrieval.web.audit import events
from retrieval.web.audit.events import Event
from retrieval.web.audit.trail import Trail
from retrieval.web.problems import Problem, problem_of, response

PERSON = "cbir.person"
_WORK = frozenset(f"/api/v1/{name}" for name in ("scans", "queries", "maps", "reports"))
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Lets through who may. Without an `entrance` everybody who reaches the server may ask."""

    def __init__(self, app: ASGIApp, entrance: Entrance | None, trail: Trail | None) -> None:
        """`trail`: where it is recorded that somebody was refused."""
        self._app, self._entrance, self._trail = app, entrance, trail

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            scope[PERSON] = person = self._who(scope)
            name = self._counted(scope, person)
        except Problem as problem:
            await response(problem)(scope, receive, send)
            return
        except CbirError as error:
            todo = problem_of(error).todo
            shown = Problem(503, "access", "the server cannot look up who you are", todo)
            await response(shown)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            if name is not None and self._entrance is not None:
                self._entrance.rates.leave(name)

    def _who(self, scope: Scope) -> Person | None:
        need = needed(scope["method"], scope["path"])
        if self._entrance is None:
            if need == "curate" and need not in LOCAL.may:
                raise Problem(403, "not_allowed", "nobody may change this archive by the web")
            return LOCAL
        headers = Headers(scope=scope)
        person = self._entrance.who(headers)
        if need is None:
            return person
        if person is None:
            raise Problem(401, "signed_out", "you are not signed in (any more)")
        if need not in person.may:
            self._record_refusal(person, scope, need)
            raise Problem(403, "not_allowed", f"your role or token does not let you {need}")
        if person.by == "session" and scope["method"] not in _SAFE and "origin" not in headers:
            raise Problem(403, "no_origin", "a browser says which page a change comes from")
        return person

    def _counted(self, scope: Scope, person: Person | None) -> str | None:
        """Whose work is begun by this request, if it is any. Raises `Problem`."""
        if self._entrance is None or person is None:
            return None
        work = scope["method"] == "POST" and scope["path"] in _WORK
        wait_s = self._entrance.rates.wait_s(person.name, work)
        if wait_s:
            raise slow_down("rate", "you are asking too often", wait_s)
        if not work:
            return None
        if not self._entrance.rates.enter(person.name):
            raise slow_down("at_once", "you are asking too much at once", 1)
        return person.name

    def _record_refusal(self, person: Person, scope: Scope, need: str) -> None:
        if self._trail is None:
            return
        alert = Event(
            events.SECURITY_ALERT,
            events.EXECUTE,
            events.RESTRICTED_FUNCTION,
            events.MINOR_FAILURE,
            user=person.name,
            role=person.role,
            by=person.by,
            address=(scope.get("client") or ("",))[0],
            detail={"needed": need, "method": scope["method"]},
        )
        self._trail.write(alert)


def owner_of(request: Request) -> str:
    """Whose what a request hands in is; empty where nobody signs in."""
    person = person_of(request)
    return person.name if person else ""


def person_of(request: Request) -> Person | None:
    """Who sent a request; None if nobody is signed in."""
    found: Person | None = request.scope.get(PERSON)
    return found
