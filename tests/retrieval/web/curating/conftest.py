"""A server whose archive curators may change: each test has its own films, index and people."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from indexer.pipeline import build
from tests.retrieval.web.people import certificate, people
from tests.retrieval.web.serving import Serving, served


@dataclass(frozen=True, slots=True)
class Archived:
    """A server, the archive that it may change, its index, and the folder of its users."""

    server: Serving
    archive: Path
    index: Path
    folder: Path

    @property
    def audit(self) -> str:
        return (self.folder / "audit.jsonl").read_text()


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of users; to be copied."""
    return people(tmp_path_factory.mktemp("staff") / "users")


@pytest.fixture
def curated(archive: Path, staff: Path, tmp_path: Path) -> Iterator[Archived]:
    """Twelve films of its own, indexed, and a server that may change them."""
    films = Path(shutil.copytree(archive, tmp_path / "archive"))
    index = tmp_path / "index"
    build(films, index)
    folder = Path(shutil.copytree(staff, tmp_path / "users"))
    secured = ("--auth", str(folder), *certificate(tmp_path).arguments)
    with served(index, *secured, "--archive", str(films), folder=tmp_path) as one:
        yield Archived(one, films, index, folder)
