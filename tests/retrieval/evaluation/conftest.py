"""What these tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.index import OpenIndex


@pytest.fixture
def opened(index: Path) -> Iterator[OpenIndex]:
    """The index of twelve films."""
    found = OpenIndex(index)
    yield found
    found.close()
