"""Passwords: kept as Argon2id hashes (RFC 9106), compared in the same time whoever is named."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import UsageError

SHORTEST, LONGEST = 12, 1000
"""Characters. No rule on kinds of characters: length is what counts (NIST SP 800-63B, 3.1.1)."""

_AT_ONCE = threading.BoundedSemaphore(2)
"""A check takes 64 MiB: many at once would be a way to exhaust the machine."""

_HASHER = PasswordHasher()
_NOBODYS = (  # of a random text that nobody kept, at the same costs as `_HASHER`
    "$argon2id$v=19$m=65536,t=3,p=4$4CebKDKk6/s313YaeBf8xA"
    "$pGWPxfCBYX4OiUzWpjzjCIWcizpeWdJPMhSd9yuuYHo"
)


def hashed(password: str) -> str:
    """The hash to be kept, with its costs and a salt of its own. Raises `UsageError`."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError(f"a password has {SHORTEST} to {LONGEST:,} characters")
    with _AT_ONCE:
        return _HASHER.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether a password is the one of a hash. Without a hash it takes as long and says no."""
    with _AT_ONCE:
        try:
            same: bool = _HASHER.verify(kept or _NOBODYS, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            same = False
    return same and kept is not None
