"""A server of the twelve films, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.retrieval.web.serving import Serving, served

pytest.importorskip("httpx", reason="httpx is not installed (pip install -e '.[dev]')")
import httpx


@pytest.fixture(scope="session")
def server(index: Path) -> Iterator[Serving]:
    """A server of twelve films."""
    with served(index) as one:
        yield one


@pytest.fixture
def client(server: Serving) -> Iterator[httpx.Client]:
    """Asks it."""
    with httpx.Client(base_url=server.address, timeout=60) as one:
        yield one
