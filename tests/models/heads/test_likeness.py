"""Likeness that labels taught: kept where it helps, and only there."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from threadpoolctl import threadpool_limits

from models.errors import IndexDamaged
from models.heads import likeness, likeness_file, linear
from models.heads.evidence import Evidence
from models.heads.likeness import CLEARLY, Likeness
from tests.models.heads.archives import WEIGHTS, clusters

DIMS = {"colour": 6, "edge": 6, "embedding": 12}


def fitted(evidence: Evidence) -> Likeness | None:
    with threadpool_limits(1, user_api="blas"):  # many small products, as in `indexer.fit`
        own = linear.fit(evidence)
        return None if own is None else likeness.fit(evidence, own[0], WEIGHTS)


def test_it_brings_what_it_says() -> None:
    """On new patients, too: the figure was chosen without them."""
    archive, new = clusters(300, seed=0, noise=1.5), clusters(200, seed=1, noise=1.5)
    found = fitted(archive)
    assert found is not None and found.share > 0
    assert found.reached > found.without + 0.1

    def worth(share: float) -> float:
        alike = found.block(new.blocks) @ found.block(archive.blocks).T
        looks = sum(
            np.float32(weight) * (new.blocks[name] @ archive.blocks[name].T)
            for name, weight in WEIGHTS.items()
        )
        score = share * alike + (1 - share) * looks
        order = np.argsort(-score, axis=1)
        hits = archive.truth[order] == new.truth[:, None]
        rank = np.arange(1, len(archive) + 1)
        ap = (np.cumsum(hits, axis=1) / rank * hits).sum(axis=1) / hits.sum(axis=1)
        return float((ap.mean() + hits[:, 0].mean()) / 2)

    assert worth(found.share) == pytest.approx(found.reached, abs=0.05)
    assert worth(0.0) == pytest.approx(found.without, abs=0.05)


def test_the_same_scan_is_wholly_alike(found: Likeness) -> None:
    evidence = clusters(200)
    blocks = found.block(evidence.blocks)
    assert blocks.dtype == np.float32 and blocks.shape == (200, 3) and found.dim == 3
    np.testing.assert_allclose((blocks * blocks).sum(axis=1), 1, atol=1e-5)


def test_labels_that_no_picture_tells_teach_nothing() -> None:
    evidence = clusters(240)
    shuffled = np.random.default_rng(3).permutation(np.repeat(["a", "b", "c"], 80))
    assert fitted(replace(evidence, labels=tuple(shuffled.tolist()))) is None


def test_one_label_teaches_nothing() -> None:
    evidence = clusters(100)
    assert fitted(replace(evidence, labels=("a",) * 100)) is None


def test_what_nobody_may_judge_is_not_kept() -> None:
    evidence = clusters(200)
    own = linear.fit(evidence)
    assert own is not None
    unjudged = replace(evidence, judged=np.zeros(200, bool))
    assert likeness.fit(unjudged, own[0], WEIGHTS) is None


def test_a_small_share_is_preferred_to_a_large_one_that_hardly_brings_more() -> None:
    found = fitted(clusters(300, noise=0.3))
    assert found is None or found.reached >= found.without + CLEARLY
    assert found is None or found.share <= 0.6


@pytest.fixture(scope="module")
def found() -> Likeness:
    likeness_of_clusters = fitted(clusters(200))
    assert likeness_of_clusters is not None
    return likeness_of_clusters


@pytest.fixture
def folder(found: Likeness, tmp_path: Path) -> Path:
    likeness_file.save(found, tmp_path)
    return tmp_path


def test_it_comes_back_as_it_was(found: Likeness, folder: Path) -> None:
    again = likeness_file.load(folder, DIMS)
    assert again is not None
    evidence = clusters(20, seed=5)
    np.testing.assert_array_equal(found.block(evidence.blocks), again.block(evidence.blocks))
    assert replace(again, linear=found.linear) == found
    likeness_file.save(None, folder)
    assert likeness_file.load(folder, DIMS) is None


@pytest.mark.parametrize("name", ["likeness.json", "likeness.safetensors"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff\xfe", None])
def test_damaged_files_are_said(folder: Path, name: str, data: bytes | None) -> None:
    if data is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(data)
    with pytest.raises(IndexDamaged, match="learned likeness"):
        likeness_file.load(folder, DIMS)


def _set(name: str, value: Any) -> Callable[[Any], None]:
    def change(told: Any) -> None:
        told["likeness"][name] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.update(schema=9),
        _set("share", 1.5),
        _set("without", float("-1")),
        _set("classes", ["a", "b"]),
        _set("blocks", ["embedding", "depth"]),
        _set("blocks", ["edge"]),
        _set("ridge", -1.0),
        _set("sharpness", 0.0),
    ],
)
def test_what_cannot_be_is_said(folder: Path, change: Callable[[Any], None]) -> None:
    told = json.loads((folder / "likeness.json").read_text(encoding="utf-8"))
    change(told)
    (folder / "likeness.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(IndexDamaged):
        likeness_file.load(folder, DIMS)


@pytest.mark.parametrize(
    "arrays",
    [
        {"weight": np.full((24, 3), np.nan, np.float32)},
        {"weight": np.zeros((23, 3), np.float32)},
        {"bias": np.zeros(3, np.float64)},
        {"bias": np.zeros(2, np.float32)},
    ],
)
def test_numbers_that_do_not_fit_are_said(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    path = folder / "likeness.safetensors"
    whole = {"weight": np.zeros((24, 3), np.float32), "bias": np.zeros(3, np.float32)}
    save_file({**whole, **load_file(path), **arrays}, path)
    with pytest.raises(IndexDamaged):
        likeness_file.load(folder, DIMS)
