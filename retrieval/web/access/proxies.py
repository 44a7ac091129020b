"""What a trusted proxy says of a request: who asked, and that nobody could read along.

These headers are believed from a named proxy only. Where one is named and this server speaks no
TLS itself, nothing else is answered: a password must not come by another way.
"""

from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from retrieval.web.access.binding import Binding, given
from retrieval.web.problems import Problem


class Proxies:
    """The proxies that a server trusts."""

    def __init__(self, binding: Binding) -> None:
        """Those that are named there."""
        self._trusted, self._tls = given(binding.proxies), binding.tls

    def seen(self, scope: Scope) -> Scope:
        """The request as who asked has sent it. Raises `Problem` if it came by another way."""
        peer = _plain(str((scope.get("client") or ("", 0))[0]))
        if not self._trusted:
            return {**scope, "client": (peer, 0)}
        if peer not in self._trusted:
            if self._tls:
                return {**scope, "client": (peer, 0)}
            raise Problem(403, "not_by_proxy", "this server is reached by its proxy only")
        headers = Headers(scope=scope)
        if _last(headers, "x-forwarded-proto") != "https" and not self._tls:
            raise Problem(
                403,
                "not_https",
                "this request reached the proxy without TLS",
                "Use https; the proxy has to set X-Forwarded-Proto.",
            )
        asked = _plain(_last(headers, "x-forwarded-for"))
        return {**scope, "scheme": "https", "client": (asked or peer, 0)}


def _last(headers: Headers, name: str) -> str:
    """What the proxy itself has added: the last value. Those before it, anybody may have sent."""
    return ",".join(headers.getlist(name)).split(",")[-1].strip().lower()


def _plain(text: str) -> str:
    """An address in its one form; empty if it is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)
