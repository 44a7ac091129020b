"""Previews go to the workers in parts that fit a message, and come back as numbers."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from indexer.config import Config
from indexer.describe import WORKER, Describer, Task
from indexer.preview_jobs import alike, turned
from indexer.previews import as_text, chunks
from indexer.workers import WorkerPool
from models.encoders import DEFAULT
from models.errors import UnreadableScan
from models.heads.orientation import KINDS
from models.runtime.registry import load


@pytest.fixture(scope="module")
def describer() -> Iterator[Describer]:
    with WorkerPool(1, WORKER) as pool:
        yield Describer(pool, load(DEFAULT, 1), Config())


@pytest.fixture(scope="module")
def previews(examples: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((examples / "queries").glob("*.jpg"))[:3]]


@pytest.mark.parametrize(
    ("sizes", "most", "expected"),
    [
        ([], 4, []),
        ([10] * 5, 4, [(0, 4), (4, 5)]),
        ([2 << 20, 10, 10], 4, [(0, 1), (1, 3)]),
        ([3 << 20], 4, [(0, 1)]),  # larger than a message: it goes alone, and is refused alone
    ],
)
def test_parts(sizes: list[int], most: int, expected: list[tuple[int, int]]) -> None:
    assert list(chunks(sizes, most)) == expected


def test_a_preview_is_turned_to_every_side_and_inverted(previews: list[bytes]) -> None:
    _, arrays = turned({"previews": as_text(previews), "size": 64})
    pictures = arrays["pictures"].reshape(3, len(KINDS), 64, 64, 3).astype(int)
    assert arrays["pictures"].dtype == np.uint8
    upright, left, over, right, inverted = pictures[0]
    assert np.abs(np.rot90(upright) - left).max() <= 1
    assert np.abs(np.rot90(upright, 2) - over).max() <= 1
    assert np.abs(np.rot90(upright, 3) - right).max() <= 1
    assert np.abs(255 - upright - inverted).max() <= 1


def test_colours_keep_their_order() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes BGR
    _, data = cv2.imencode(".jpg", red)
    _, arrays = turned({"previews": as_text([data.tobytes()]), "size": 16})
    assert arrays["pictures"][0].mean(axis=(0, 1)).round(-1).tolist() == [250, 0, 0]


def test_the_upright_copy_is_what_the_encoder_saw(describer: Describer, examples: Path) -> None:
    film = next((examples / "queries").glob("*.jpg"))
    ((_, told),) = describer.describe([Task("one", (str(film),))])
    assert not isinstance(told, UnreadableScan)
    copies = describer.turned(told.previews)
    assert copies.shape == (1, len(KINDS), 1280)
    np.testing.assert_allclose(np.linalg.norm(copies, axis=-1), 1, rtol=1e-4)
    like = copies[0] @ told.blocks["embedding"][0]
    assert like[0] > 0.95
    assert like[1:].max() < 0.8


def test_no_previews(describer: Describer) -> None:
    assert describer.turned([]).shape[0] == 0


def test_what_is_no_preview_is_said(describer: Describer, previews: list[bytes]) -> None:
    with pytest.raises(UnreadableScan, match="a preview of the index cannot be decoded"):
        describer.turned([*previews, b"no JPEG"])


def test_pairs_are_compared(previews: list[bytes]) -> None:
    told = {"previews": as_text(previews), "pairs": [[0, 0], [0, 1], [1, 2]]}
    likeness = alike(told)[1]["likeness"]
    assert likeness.dtype == np.float32
    assert likeness[0] > 0.99
    assert likeness[1:].max() < 0.6
