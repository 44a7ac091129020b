"""Indexes that the tests of this folder share; who changes one takes a copy."""

import shutil
from pathlib import Path

import pytest

from indexer.pipeline import build
from tests.retrieval.films import series, small_archive


@pytest.fixture(scope="session")
def archive(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve films; see `tests.retrieval.films`."""
    return small_archive(examples, tmp_path_factory.mktemp("films") / "archive")


@pytest.fixture(scope="session")
def index(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their index."""
    out = tmp_path_factory.mktemp("index") / "films"
    build(archive, out)
    return out


@pytest.fixture
def own_index(index: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    return Path(shutil.copytree(index, tmp_path / "own-index"))


@pytest.fixture(scope="session")
def volumes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three CT series: a, b and c, six slices each."""
    folder = tmp_path_factory.mktemp("volumes") / "archive"
    for seed, name in enumerate("abc"):
        series(folder / name, name, seed=seed)
    return folder


@pytest.fixture(scope="session")
def volume_index(volumes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their index."""
    out = tmp_path_factory.mktemp("index") / "volumes"
    build(volumes, out)
    return out
