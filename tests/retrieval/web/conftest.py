"""A server of the twelve films, and a client of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.retrieval.web.serving import Serving, served

pytest.importorskip("httpx", reason="httpx is not installed (pip install -e '.[dev]')")
import httpx

from tests.retrieval.web.people import certificate, people


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


@dataclass(frozen=True, slots=True)
class Office:
    """A server where people sign in, over TLS. `folder`: of its users. `temporary`: its own."""

    server: Serving
    folder: Path
    temporary: Path

    @property
    def audit(self) -> Path:
        return self.folder / "audit.jsonl"


@pytest.fixture(scope="session")
def office(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A server of twelve films with sign-in and TLS."""
    place = tmp_path_factory.mktemp("office")
    folder = people(place / "users")
    temporary = place / "tmp"
    temporary.mkdir()
    secured = ("--auth", str(folder), *certificate(place).arguments)
    with served(index, *secured, folder=temporary) as one:
        yield Office(one, folder, temporary)
