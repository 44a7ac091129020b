"""Where a server may listen.

Everybody on this machine's network reaches any other address than its own. There it needs to know
who asks (`--auth`), and nobody on the way may read along: TLS of its own, or a proxy that does it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from models.errors import UsageError


@dataclass(frozen=True, slots=True)
class Binding:
    """Where and how a server listens.

    `host`: an address. `names`: what else it may be called. `auth`: the folder of its users, or
    None. `cert`, `key`: of TLS, both or neither. `proxies`: addresses of trusted proxies.
    """

    host: str = "127.0.0.1"
    port: int = 8600
    names: tuple[str, ...] = ()
    auth: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()

    @property
    def tls(self) -> bool:
        """Whether it speaks TLS itself."""
        return self.cert is not None

    @property
    def address(self) -> str:
        """Where a browser finds it."""
        name = self.names[0] if self.names else _bracketed(self.host)
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}"

    def check(self) -> None:
        """Raises `UsageError` for an address that others reach unprotected, and for nonsense."""
        if (self.cert is None) != (self.key is None):
            raise UsageError("--tls-cert and --tls-key belong together; give both")
        for path in filter(None, (self.cert, self.key)):
            if not path.is_file():
                raise UsageError(f"{path} is not there; it holds the certificate or key in PEM")
        for one in self.proxies:
            _address("--trusted-proxy", one)
        if self.proxies and self.auth is None:
            raise UsageError(
                "--trusted-proxy without --auth: whoever the proxy lets through would be let in; "
                "make users with `cbir users add` and name their folder with --auth"
            )
        if not is_own(self.host):
            self._check_reachable()

    def _check_reachable(self) -> None:
        missing = []
        if self.auth is None:
            missing.append("--auth FOLDER (of users made by `cbir users add`)")
        if not self.tls and not self.proxies:
            missing.append("--tls-cert and --tls-key, or --trusted-proxy ADDRESS")
        if missing:
            raise UsageError(
                f"--host {self.host} can be reached by others and needs {'; and '.join(missing)}; "
                "or leave it at 127.0.0.1, which only this machine reaches"
            )
        if _address("--host", self.host).is_unspecified and not self.names:
            raise UsageError(
                f"--host {self.host} is every address of this machine: say with --name by what "
                "name people call it, for example --name cbir.hospital.example"
            )

    def called(self) -> frozenset[str]:
        """What a request may call this server: its names and address, with and without its port."""
        own = ("localhost", "127.0.0.1", "[::1]") if self._answers_here() else ()
        names = {name.lower() for name in (*self.names, _bracketed(self.host), *own)}
        return frozenset(names | {f"{name}:{self.port}" for name in names})

    def _answers_here(self) -> bool:
        return is_own(self.host) or _address("--host", self.host).is_unspecified


def is_own(host: str) -> bool:
    """Whether only this machine reaches an address."""
    return host == "localhost" or _address("--host", host).is_loopback


def check_tls(binding: Binding) -> None:
    """Raises `UsageError` if certificate and key cannot be used."""
    import ssl

    if binding.cert is None or binding.key is None:
        return
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(binding.cert, binding.key, _no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise UsageError(
            f"{binding.cert} and {binding.key} cannot be used ({type(error).__name__}); both are "
            "in PEM, the key without a password and the certificate's own"
        ) from error


def _no_password() -> str:
    raise ValueError("the key has a password")


def _address(option: str, text: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is no address; give one such as 10.0.0.5") from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def given(proxies: Sequence[str]) -> frozenset[str]:
    """Addresses in the one form that is compared."""
    return frozenset(str(ip_address(one)) for one in proxies)
