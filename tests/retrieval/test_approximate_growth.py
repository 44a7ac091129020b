"""An approximate index is added to without being fitted anew, and what is removed leaves it."""

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from indexer.searchable import Before, part_file
from retrieval.ranking import CaseRanker
from tests.retrieval.approximate_archive import DIMS, WEIGHTS, drawn, made, opened, weighted

COUNT = 2000


def codes_of(folder: Path, name: str) -> dict[int, bytes]:
    """The code of each row."""
    whole = faiss.read_index(str(folder / part_file(name)))
    inner: Any = faiss.extract_index_ivf(whole)
    found: dict[int, bytes] = {}
    size = inner.code_size
    for at in range(inner.nlist):
        count = inner.invlists.list_size(at)
        ids = faiss.rev_swig_ptr(inner.invlists.get_ids(at), count)
        codes = faiss.rev_swig_ptr(inner.invlists.get_codes(at), count * size).reshape(count, -1)
        found |= {int(one): code.tobytes() for one, code in zip(ids, codes, strict=True)}
    return found


def folders(path: Path, *names: str) -> list[Path]:
    for name in names:
        (path / name).mkdir()
    return [path / name for name in names]


def test_it_grows_and_shrinks_without_being_fitted_anew(tmp_path: Path) -> None:
    first, second = folders(tmp_path, "first", "second")
    rows, more = drawn(COUNT, 1), drawn(300, 2)
    told = made(first, rows)
    # Every tenth row goes, the others move up, and 300 come.
    stays = np.arange(COUNT) % 10 != 0
    new_number = np.where(stays, np.cumsum(stays) - 1, -1)
    near = opened(first, told, mapped=False)[1]
    assert near is not None
    after = np.vstack([rows[stays], more])
    again = made(second, after, Before(near, told, new_number))
    assert (again["count"], again["fitted_on"]) == (2100, COUNT)
    assert again["recall"] >= 0.99
    for name in ("all", *DIMS):
        old, new = codes_of(first, name), codes_of(second, name)
        assert sorted(new) == list(range(2100))
        for row in range(0, COUNT, 7):
            if stays[row]:
                assert new[int(new_number[row])] == old[row]
            elif name != "learned":  # so few numbers that others may have the same
                assert old[row] not in (second / part_file(name)).read_bytes()
    vectors, both = opened(second, again)
    ranker = CaseRanker(vectors, np.arange(2100), both)
    found = [
        ranker.nearest(one[None], 1, np.ones(2100, bool))[0].case for one in weighted(more, WEIGHTS)
    ]
    assert found == list(range(1800, 2100))


def test_it_is_fitted_anew_when_it_has_doubled_or_has_other_parts(tmp_path: Path) -> None:
    first, second = folders(tmp_path, "first", "second")
    rows = drawn(1000, 1)
    told = made(first, rows[:500])
    near = opened(first, told, mapped=False)[1]
    assert near is not None
    assert made(second, rows, Before(near, told, np.arange(500)))["fitted_on"] == 1000
