"""A small archive to be changed."""

import shutil
from pathlib import Path

import pytest

from tests.manifests import manifest_of, write_manifest


@pytest.fixture(scope="session")
def small(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve example films, four of a label, with their manifest."""
    archive = tmp_path_factory.mktemp("small") / "archive"
    rows = manifest_of(examples / "archive")
    chosen = [
        row
        for label in ("normal", "pneumonia", "tuberculosis")
        for row in [row for row in rows if row["label"] == label][:4]
    ]
    for row in chosen:
        target = archive / row["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(examples / "archive" / row["path"], target)
    write_manifest(archive, chosen)
    return archive


@pytest.fixture
def archive(small: Path, tmp_path: Path) -> Path:
    """A copy of it to be changed."""
    return Path(shutil.copytree(small, tmp_path / "archive"))
