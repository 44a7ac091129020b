"""What every request is checked for, and what every response says.

- Host: a page of another site can point a name of its own at this address (DNS rebinding); the
  name that a request carries must be one that this server is called by.
- Origin: a request that changes something must come from this server's own page, or from a program
  that is no browser and sends none.
- Content Security Policy: the page may load what this server gives and nothing else, and nothing
  that stands in the page's text is run.
- Length and time: a body has a most, and must have come within a while.
"""

import asyncio

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from retrieval.web.access.proxies import Proxies
from retrieval.web.problems import Problem, response
from retrieval.web.settings import ServeSettings

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


_HSTS = (b"Strict-Transport-Security", b"max-age=31536000")


class Guarded:
    """The application behind these checks."""

    def __init__(self, app: ASGIApp, settings: ServeSettings) -> None:
        """`settings`: say by what names the server goes, and how much may be sent to it."""
        self._app, self._limits = app, settings.limits
        self._names, self._proxies = settings.binding.called(), Proxies(settings.binding)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = _with_headers(send, scope)
        try:
            scope = self._proxies.seen(scope)
            sent = _with_headers(send, scope)
            self._check(Request(scope))
        except Problem as refused:
            await response(refused)(scope, receive, sent)
            return
        body = _Body(receive, self._limits.upload_bytes, self._limits.upload_s)
        await self._app(scope, body.receive, body.answered_by(sent, scope))

    def _check(self, request: Request) -> None:
        """Raises `Problem`."""
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or hosts[0].lower() not in self._names:
            raise Problem(421, "other_host", "this server is not called by that name")
        origin = request.headers.get("origin")
        if request.method not in _SAFE and origin is not None:
            own = f"{request.url.scheme}://{hosts[0].lower()}"
            if origin.lower() != own:
                raise Problem(403, "other_origin", "this request comes from another site's page")
        said = request.headers.get("content-length", "0")
        if not (said.isascii() and said.isdigit()):
            raise Problem(400, "bad_length", "the length of the request is not a number")
        if int(said) > self._limits.upload_bytes:
            most = self._limits.upload_bytes
            raise Problem(413, "too_large", f"a request has to hold at most {most:,} bytes")


def _with_headers(send: Send, scope: Scope) -> Send:
    path, secure = scope["path"], scope.get("scheme") == "https"

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            told = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            keep = b"no-cache" if path == "/" or path.startswith("/static/") else b"no-store"
            told += [(b"Cache-Control", keep), *([_HSTS] if secure else [])]
            message["headers"] = [*message.get("headers", []), *told]
        await send(message)

    return sent


class _Body:
    """A request's body; one that is longer or slower than it may be, whatever was said, ends early.

    What the application then makes of half a body is not sent: what is wrong is said instead.
    """

    def __init__(self, receive: Receive, most: int, within_s: float) -> None:
        self._receive, self._most, self._within_s = receive, most, within_s
        self._seen, self._whole = 0, False
        self._until = asyncio.get_running_loop().time() + within_s
        self._wrong: Problem | None = None

    async def receive(self) -> Message:
        """The next of it."""
        if self._whole:  # what comes now is that who asked has gone
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise self._refused(408, "too_slow", f"come within {self._within_s:g} s") from None
        if message["type"] == "http.request":
            self._seen += len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._seen > self._most:
                raise self._refused(413, "too_large", f"hold at most {self._most:,} bytes")
        return message

    def answered_by(self, send: Send, scope: Scope) -> Send:
        """Sends what the application says, unless something was wrong with the body."""
        told = False

        async def sent(message: Message) -> None:
            nonlocal told
            if self._wrong is None:
                await send(message)
            elif not told:
                told = True
                await response(self._wrong)(scope, self._receive, send)

        return sent

    def _refused(self, status: int, code: str, must: str) -> Problem:
        self._wrong = Problem(status, code, f"a request has to {must}")
        return self._wrong
