"""Tokens for programs: ``cbir_ID_SECRET``, with a scope and an end; only a hash is kept.

The secret has 256 random bits, so that nobody can guess it from a plain SHA-256.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import date

_FORM = re.compile(r"cbir_([0-9a-f]{12})_([A-Za-z0-9_-]{43})\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is kept. `digest`: SHA-256 of its secret. `ends`: its last day, in UTC."""

    token_id: str
    digest: str
    scope: tuple[str, ...]
    ends: date


def made(scope: tuple[str, ...], ends: date) -> tuple[str, Token]:
    """A new token: the text that its owner gets once, and what is kept."""
    token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    return f"cbir_{token_id}_{secret}", Token(token_id, digest(secret), scope, ends)


def parted(text: str) -> tuple[str, str] | None:
    """The id and the secret of a token; None if it has not the form of one."""
    found = _FORM.match(text)
    return (found[1], found[2]) if found else None


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(kept: str, secret: str) -> bool:
    """Whether a digest is of that secret, compared in constant time."""
    return hmac.compare_digest(kept, digest(secret))
