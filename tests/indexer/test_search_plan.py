"""How an archive is searched goes by its size, the memory and what was asked for."""

import pytest

from indexer.lists import lists_for, sample_for
from indexer.search_plan import APPROXIMATE, FLOAT16, FLOAT32, Wish, plan

DIMS = {"colour": 192, "edge": 192, "embedding": 1280, "text": 256}
WEIGHTS = {"colour": 0.2, "edge": 0.1, "embedding": 0.6, "text": 0.1}


@pytest.mark.parametrize(
    ("count", "wish", "kind"),
    [
        (0, Wish(), FLOAT32),
        (1_000, Wish(), FLOAT32),
        (100_000, Wish(), FLOAT32),  # 46 ms
        (100_000, Wish(memory=500_000_000), FLOAT16),  # 768 MB as 32 bits
        (150_000, Wish(), FLOAT16),  # 69 ms as 32 bits, 48 as 16
        (200_000, Wish(), APPROXIMATE),
        (1_000_000, Wish("exact"), FLOAT16),  # 7.7 GB as 32 bits
        (1_000_000, Wish("exact", memory=8 << 30), FLOAT32),
        (1_000, Wish("approximate"), APPROXIMATE),
    ],
)
def test_what_is_chosen(count: int, wish: Wish, kind: str) -> None:
    assert plan(count, DIMS, WEIGHTS, wish).kind == kind


def test_what_an_estimate_says() -> None:
    told = plan(1_000, DIMS, WEIGHTS, Wish()).to_text()
    assert told == (
        "search: exact, 32 bits, for 1000 vectors of 1920; estimated: 7.7 MB of memory, "
        "7.7 MB on disk, 0.0 CPU-s to build, 0.46 ms a search"
    )
    assert "more than --memory allows" in plan(1000, DIMS, WEIGHTS, Wish("exact", 9)).to_text()


def test_parts_go_by_memory() -> None:
    every = plan(1_000_000, DIMS, WEIGHTS, Wish("approximate"))
    assert list(every.parts) == ["all", "text", "embedding", "colour", "edge"]
    assert dict(every.parts["all"]) == pytest.approx(
        {"colour": 2 / 9, "edge": 1 / 9, "embedding": 6 / 9}
    )
    small = plan(1_000_000, DIMS, WEIGHTS, Wish("approximate", memory=340_000_000))
    assert (list(small.parts), small.fits) == (["all", "text"], True)
    least = plan(1_000_000, DIMS, WEIGHTS, Wish("approximate", memory=1))
    assert (list(least.parts), least.fits) == (["all"], False)


@pytest.mark.parametrize(
    ("count", "lists", "sample"),
    [(1, 1, 1), (100, 2, 64), (10_000, 256, 8192), (1_000_000, 4096, 131_072)],
)
def test_lists(count: int, lists: int, sample: int) -> None:
    assert (lists_for(count), sample_for(count)) == (lists, sample)
