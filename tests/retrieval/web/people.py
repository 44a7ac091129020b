"""People and certificates for servers that are tested."""

import datetime
import ipaddress
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.retrieval.web.serving import Serving

PASSWORDS = {
    "anna": "a long enough word",
    "carl": "carl's own long word",
    "ada": "ada counts to infinity",
}
ROLES = {"anna": "reader", "carl": "curator", "ada": "admin"}


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for 127.0.0.1 that nobody else has signed, and its key."""

    cert: Path
    key: Path

    @property
    def arguments(self) -> tuple[str, ...]:
        return ("--tls-cert", str(self.cert), "--tls-key", str(self.key))


def cbir(*arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    """Runs the command; `typed` comes by stdin."""
    command = [sys.executable, "-c", "from retrieval.cli import main; main()", *arguments]
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)


def people(folder: Path) -> Path:
    """A folder with a reader, a curator and an administrator, made by the command."""
    for name, role in ROLES.items():
        done = cbir(
            *("users", "add", name, "--role", role, "--auth", str(folder)),
            typed=f"{PASSWORDS[name]}\n",
        )
        assert done.returncode == 0, done.stderr
    return folder


def token(folder: Path, name: str, *options: str) -> str:
    """A token of a user, as the command prints it."""
    done = cbir("users", "token", name, "--auth", str(folder), *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def client(server: Serving, origin: str | None = "") -> Iterator[httpx.Client]:
    """Asks a server as its own page does. `origin`: what it says instead; None: nothing."""
    said = server.address if origin == "" else origin
    headers = {} if said is None else {"Origin": said}
    # No certificate is checked: the servers' own are of nobody's authority.
    with httpx.Client(base_url=server.address, timeout=60, verify=False, headers=headers) as one:
        yield one


@contextmanager
def signed_in(server: Serving, name: str) -> Iterator[httpx.Client]:
    """A client that has signed in."""
    with client(server) as one:
        sent = sign_in(one, name, PASSWORDS[name])
        assert sent.status_code == 204, sent.text
        yield one


def sign_in(one: httpx.Client, name: str, password: str) -> httpx.Response:
    return one.post("/api/v1/session", json={"name": name, "password": password})


def problem(response: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem; that it says what to do is checked."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    told = response.json()
    assert told["todo"] and told["detail"]
    return response.status_code, told["code"]


def certificate(folder: Path) -> Certificate:
    """A fresh one, valid for a day."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    found.cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    found.key.chmod(0o600)
    return found
