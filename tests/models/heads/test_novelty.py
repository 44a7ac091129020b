"""Scans of another kind are told from the archive's, and hardly any of the archive's own."""

from dataclasses import replace

import numpy as np
import pytest

from models.heads import novelty
from models.heads.evidence import Evidence
from models.heads.novelty import FEWEST, Novelty, Space
from tests.models.heads.archives import clusters


def test_by_hand() -> None:
    space = Space(
        ("embedding",),
        mean=np.array([1, 0, 0], np.float32),
        directions=np.array([[0, 1, 0]], np.float32),
        variance=np.array([4], np.float32),
        scale=(2.0, 5.0),
    )
    found = Novelty((space,), threshold=1.0)
    # 2 of deviation 2 along: 1, over 2. 3 beside: 9, over 5.
    assert found.value({"embedding": np.array([1, 2, 0], np.float32)}) == pytest.approx(0.5)
    assert found.value({"embedding": np.array([4, 2, 0], np.float32)}) == pytest.approx(1.8)


def films(count: int, seed: int, along: float = 1.0, beside: float = 0.1) -> Evidence:
    """Vectors that mostly lie in 5 directions of 60, the same five whatever the seed."""
    random = np.random.default_rng(seed)
    five = np.random.default_rng(99).standard_normal((5, 60)) / 60**0.5
    vectors = along * random.standard_normal((count, 5)) @ five
    vectors += beside / 60**0.5 * random.standard_normal((count, 60))
    patients = tuple(f"{seed}-{row // 2}" for row in range(count))
    judged = np.ones(count, bool)
    return Evidence({"embedding": vectors.astype(np.float32)}, ("a",) * count, patients, judged)


def flagged(found: Novelty | None, asked: Evidence) -> float:
    """The share that is called unlike the archive's."""
    assert found is not None
    return float((found.values(asked.blocks) > found.threshold).mean())


def test_one_in_a_hundred_of_the_archive_s_kind_is_called_unlike_it() -> None:
    assert 0.002 < flagged(novelty.fit(films(800, seed=0)), films(4000, seed=1)) < 0.03


@pytest.mark.parametrize(("along", "beside"), [(6.0, 0.1), (1.0, 1.0)])
def test_another_kind_is_unlike_it(along: float, beside: float) -> None:
    found = novelty.fit(films(400, seed=0))
    assert flagged(found, films(200, seed=1, along=along, beside=beside)) > 0.9


def test_what_only_a_histogram_tells_is_not_overheard_beside_a_loud_embedding() -> None:
    """The embedding is far noisier than the histogram, and sees nothing strange."""

    def both(count: int, seed: int, level: float) -> Evidence:
        embedding = films(count, seed, along=1.0, beside=1.0)
        quiet = np.random.default_rng(seed + 50).standard_normal((count, 8)) * 0.02
        blocks = {"colour": (quiet + level).astype(np.float32), **embedding.blocks}
        return replace(embedding, blocks=blocks)

    found = novelty.fit(both(400, 0, 0.0))
    assert flagged(found, both(2000, 1, 0.0)) < 0.04
    assert flagged(found, both(200, 2, 0.15)) > 0.95


def test_cases_that_the_encoder_has_seen_do_not_set_the_threshold() -> None:
    """Seen films lie closer to the five directions than new ones do."""
    seen, new = films(300, seed=0, beside=0.05), films(100, seed=1)
    both = Evidence(
        {"embedding": np.vstack([seen.blocks["embedding"], new.blocks["embedding"]])},
        seen.labels + new.labels,
        seen.patients + new.patients,
        np.arange(400) >= 300,
    )
    fresh = films(2000, seed=2)
    assert flagged(novelty.fit(both), fresh) < 0.04
    assert flagged(novelty.fit(seen), fresh) > 0.5


def test_few_cases_cannot_say() -> None:
    assert novelty.fit(clusters(FEWEST - 1)) is None
    assert novelty.fit(replace(clusters(200), judged=np.arange(200) < FEWEST - 1)) is None
    assert novelty.fit(clusters(FEWEST)) is not None


def test_an_archive_of_one_picture_has_no_kind() -> None:
    same = films(FEWEST * 2, seed=1)
    vectors = np.repeat(same.blocks["embedding"][:1], len(same), axis=0)
    assert novelty.fit(replace(same, blocks={"embedding": vectors})) is None
