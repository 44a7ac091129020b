"""Where the tests find their images."""

import os
from pathlib import Path

import pytest

os.environ.setdefault(
    "OMP_WAIT_POLICY", "passive"
)  # as `retrieval.cli.main`; tests run in parallel

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of measurement images; tests that use it carry the marker `shared`."""
    return SHARED


@pytest.fixture(scope="session")
def examples() -> Path:
    """The example films that come with the repository."""
    return ROOT / "examples"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the measurement images in a clone that has none beside it."""
    if SHARED.is_dir():
        return
    for item in items:
        if item.get_closest_marker("shared"):
            item.add_marker(pytest.mark.skip(reason="no measurement images beside the checkout"))
