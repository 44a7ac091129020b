"""A chain of records: each holds the hash of the one before it and its own.

A record is one line of JSON (ASCII, so that nothing in it steers a terminal). `hash` is the SHA-256
of the line as it is without it: keys in the order of the alphabet, no blanks.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "0" * 64
"""The hash before the first record."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place in a chain: a record's number, from 1, and its hash."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """As it is written down: ``12:9f86...``."""
        return f"{self.seq}:{self.hash}"


START = Link(0, NOTHING)


def line(before: Link, told: Mapping[str, Any]) -> tuple[bytes, Link]:
    """The next record as a line with its end, and its place."""
    body = {**told, "seq": before.seq + 1, "before": before.hash}
    link = Link(before.seq + 1, hash_of(body))
    return _canonical({**body, "hash": link.hash}) + b"\n", link


def hash_of(told: Mapping[str, Any]) -> str:
    """The hash of a record; one that it holds does not count."""
    return hashlib.sha256(
        _canonical({key: value for key, value in told.items() if key != "hash"})
    ).hexdigest()


def parsed(text: bytes) -> dict[str, Any] | None:
    """A record from its line; None if it is none, or not written as `line` writes it."""
    try:
        told = json.loads(text)
    except ValueError:
        return None
    if not isinstance(told, dict) or type(told.get("seq")) is not int:
        return None
    if not isinstance(told.get("hash"), str) or not isinstance(told.get("before"), str):
        return None
    return told if _canonical(told) == text else None


def _canonical(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
