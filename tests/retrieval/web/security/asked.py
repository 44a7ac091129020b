"""What the tests of docs/security.md do again and again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.retrieval.web.people import (
    certificate,
    people,
)
from tests.retrieval.web.serving import Serving, served

FILM = "queries/Montgomery_0372.jpg"
COOKIE = "__Host-session"
ASK = "/api/v1/queries"


@contextmanager
def another(index: Path, place: Path, *arguments: str) -> Iterator[Serving]:
    """A server of its own, for what would be in the way of other tests."""
    folder = people(place / "users")
    secured = ("--auth", str(folder), *certificate(place).arguments, *arguments)
    with served(index, *secured, folder=place) as one:
        yield one


def hand_in(one: httpx.Client, film: Path) -> str:
    sent = one.post("/api/v1/scans", files=[("files", (film.name, film.read_bytes()))])
    assert sent.status_code == 201, sent.text
    return str(sent.json()["scan_id"])


def case_of(one: httpx.Client) -> str:
    return str(one.get("/api/v1/cases?limit=1").json()["cases"][0]["case_id"])
