"""What the search compares, beside what the store keeps."""

from pathlib import Path

import numpy as np
import pytest

from indexer import commit, vectors
from indexer.fit import read_heads
from indexer.pipeline import build
from indexer.searched import searched_dims, searched_vectors
from indexer.store import Store
from models.heads.likeness import BLOCK


@pytest.fixture(scope="module")
def index(examples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("searched") / "index"
    build(examples / "archive", out)
    return out


def test_the_examples_labels_teach_likeness(index: Path) -> None:
    live = commit.opened(index)
    dims = live.manifest["dims"]
    heads = read_heads(live.path / "heads", dims)
    taught = heads.likeness
    assert taught is not None
    assert taught.linear.classes == ("normal", "pneumonia", "tuberculosis")
    assert taught.reached > taught.without
    assert searched_dims(dims, taught) == {**dims, BLOCK: 3}
    assert sum(heads.weights.values()) == pytest.approx(1)
    assert heads.weights["text"] == heads.fusion.weights["text"]


def test_vectors_hold_the_learned_block_last(index: Path) -> None:
    live = commit.opened(index)
    dims = live.manifest["dims"]
    taught = read_heads(live.path / "heads", dims).likeness
    whole = np.vstack(list(searched_vectors(Store(live.path), dims, taught)))
    plain = np.vstack(list(searched_vectors(Store(live.path), dims, None)))
    width = sum(dims.values())
    assert (plain.shape, whole.shape) == ((90, width), (90, width + 3))
    np.testing.assert_array_equal(whole[:, :width], plain)
    np.testing.assert_allclose(np.linalg.norm(whole[:, width:], axis=1), 1, atol=1e-5)
    read = vectors.read(live.path / vectors.FILE, 90, width + 3)
    np.testing.assert_array_equal(read.reconstruct_n(0, 90), whole)
