"""What every request is checked for, and what every response says.

- Host: a page of another site can point a name of its own at this address (DNS rebinding); the
  name that a request carries must be one that this server is called by.
- Origin: a request that changes something must come from this server's own page, or from a program
  that is no browser and sends none.
- Content Security Policy: the page may load what this server gives and nothing else, and nothing
  that stands in the page's text is run.
"""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retrieval.web.problems import Problem, response

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def local_names(host: str, port: int) -> frozenset[str]:
    """What a request may call a server that listens there."""
    names = {host, "localhost", "127.0.0.1", "[::1]"}
    return frozenset(names | {f"{name}:{port}" for name in names})


class Guarded:
    """The application behind these checks."""

    def __init__(self, app: ASGIApp, names: Iterable[str], most_bytes: int) -> None:
        """`names`: of this server, with and without its port. `most_bytes`: of a request's body."""
        self._app, self._names, self._most = app, frozenset(names), most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        sent = _with_headers(send, scope["path"])
        refused = self._refused(request)
        if refused is not None:
            await response(refused)(scope, receive, sent)
            return
        await self._app(scope, _counted(receive, self._most), sent)

    def _refused(self, request: Request) -> Problem | None:
        host = request.headers.get("host", "").lower()
        if host not in self._names:
            return Problem(421, "other_host", "this server is not called by that name")
        origin = request.headers.get("origin")
        if request.method not in _SAFE and origin is not None:
            own = {f"{request.url.scheme}://{host}"}
            if origin.lower() not in own:
                return Problem(403, "other_origin", "this request comes from another site's page")
        said = request.headers.get("content-length", "0")
        if not said.isdigit():
            return Problem(400, "bad_length", "the length of the request is not a number")
        if int(said) > self._most:
            return Problem(413, "too_large", f"a request may hold {self._most:,} bytes")
        return None


def _with_headers(send: Send, path: str) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            told = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            keep = b"no-cache" if path == "/" or path.startswith("/static/") else b"no-store"
            message["headers"] = [*message.get("headers", []), *told, (b"Cache-Control", keep)]
        await send(message)

    return sent


def _counted(receive: Receive, most: int) -> Receive:
    """The same body; one that is longer than it may be, whatever was said before, ends early."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise Problem(413, "too_large", f"a request may hold {most:,} bytes")
        return message

    return counted
