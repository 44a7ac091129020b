"""What the encoder sees of a scan and of a preview is what was described."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.config import Config
from indexer.describe import WORKER, Describer, Task
from indexer.seen import seen, seen_previews
from indexer.workers import WorkerPool
from models.encoders import DEFAULT, Encoder
from models.errors import UnreadableScan
from models.runtime.registry import load


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load(DEFAULT, 1)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(1, WORKER) as started:
        yield started


def test_it_is_what_is_described(pool: WorkerPool, encoder: Encoder, examples: Path) -> None:
    film = str(examples / "queries" / "Montgomery_0006.dcm")
    found = seen(pool, [film], Config(), encoder.spec.size)
    ((_, described),) = Describer(pool, encoder, Config()).describe([Task("one", (film,))])
    assert not isinstance(described, UnreadableScan)
    np.testing.assert_array_equal(encoder.encode(found.pictures), described.blocks["embedding"])
    np.testing.assert_array_equal(found.histograms["edge"], described.blocks["edge"])
    assert found.previews == described.previews
    assert (found.slices, found.whole) == ((-1,), True)
    assert found.film(0) == found.previews[0]


def test_of_a_region_the_picture_is_shown(
    pool: WorkerPool, encoder: Encoder, examples: Path
) -> None:
    film = str(examples / "queries" / "Montgomery_0372.jpg")
    config = Config(segment={"": "chest_lungs"})
    found = seen(pool, [film], config, encoder.spec.size)
    assert not found.whole
    assert found.film(0).startswith(b"\x89PNG")


def test_a_scan_that_cannot_be_read(pool: WorkerPool, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no film")
    with pytest.raises(UnreadableScan):
        seen(pool, [str(broken)], Config(), 224)


def test_previews_one_of_which_is_none(pool: WorkerPool, examples: Path) -> None:
    film = (examples / "queries" / "Montgomery_0372.jpg").read_bytes()
    found = seen_previews(pool, [film, b"no film", b"", film], 64)
    assert [one is None for one in found] == [False, True, True, False]
    assert found[0] is not None and found[0].shape == (64, 64, 3)
    assert seen_previews(pool, [], 64) == []
