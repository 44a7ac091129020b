"""The index of an archive with known faults, and what the checks find in it."""

from pathlib import Path

import pytest

from indexer.check.run import Report, check
from indexer.pipeline import build
from indexer.summary import Summary
from tests.indexer.check.archives import faulty


@pytest.fixture(scope="session")
def origin(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The archive, and the original of each of its faulty files."""
    archive = tmp_path_factory.mktemp("faulty") / "archive"
    return archive, faulty(examples, archive)


@pytest.fixture(scope="session")
def built(
    origin: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Summary]:
    """Its index, and what building it said."""
    index = tmp_path_factory.mktemp("faulty-index") / "index"
    return index, build(origin[0], index)


@pytest.fixture(scope="session")
def report(built: tuple[Path, Summary]) -> Report:
    """What all checks find."""
    return check(built[0], workers=2)
